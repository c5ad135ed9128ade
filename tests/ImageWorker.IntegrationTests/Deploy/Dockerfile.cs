using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.IntegrationTests.Deploy;

/// <summary>
/// What <c>deploy/Dockerfile</c> says, done without Docker: its build stage runs in a temporary folder, and the programs of
/// its images are started from there with their environment, by a user without rights, on a file system they cannot write to.
/// </summary>
public sealed partial class Dockerfile : IAsyncLifetime
{
    private const string User = "1654";

    private readonly string _root = Checkout.At();
    private readonly string _folder = Directory.CreateTempSubdirectory("imageworker-image-").FullName;
    private readonly List<(string Stage, string Name, string Value)> _instructions = [];

    public async ValueTask InitializeAsync()
    {
        // Others may look inside, as the images' user must.
        File.SetUnixFileMode(_folder, UnprivilegedUser.Traversable);
        Directory.CreateDirectory(Path.Combine(_folder, "out"));
        Read();
        foreach (var (_, name, value) in _instructions.Where(instruction => instruction.Stage == "build"))
        {
            if (name == "COPY")
            {
                Copy(value.Split(' '));
            }
            else if (name == "RUN")
            {
                await RunAsync(value);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Starts an image's program with further arguments and settings.</summary>
    public ChildProcess Start(
        string image,
        IEnumerable<KeyValuePair<string, string?>> settings,
        params string[] arguments
    ) => Start(image, [.. Json(Value(image, "ENTRYPOINT")), .. arguments], settings);

    /// <summary>Runs the image's health check as a platform does, and gives its exit code.</summary>
    public async Task<int> CheckHealthAsync(string image, IEnumerable<KeyValuePair<string, string?>> settings)
    {
        await using var check = Start(image, Json(Value(image, "HEALTHCHECK").Split("CMD ")[1]), settings);
        return await check.WaitForExitAsync();
    }

    private ChildProcess Start(string image, string[] command, IEnumerable<KeyValuePair<string, string?>> settings)
    {
        string[] drop = ["setpriv", "--no-new-privs", $"--reuid={User}", $"--regid={User}", "--clear-groups"];
        const string seal =
            "mount --make-rprivate / && for m in / /tmp; do ! mountpoint -q $m || mount -o remount,ro,bind $m; done && exec \"$@\"";
        string[] line = Environment.IsPrivilegedProcess
            ? ["unshare", "--mount", "sh", "-c", seal, "sh", .. drop, "--bounding-set=-all", .. command]
            : command;
        var start = new ProcessStartInfo(line[0], line[1..]) { WorkingDirectory = Path.Combine(_folder, "out", image) };
        start.Environment.Remove("ConnectionStrings__RabbitMq");
        start.Environment.Remove("ConnectionStrings__Postgres");
        foreach (var (name, value) in Variables("runtime").Concat(Variables(image)).Concat(settings))
        {
            start.Environment[name] = value;
        }

        return ChildProcess.Start(start);
    }

    private void Read()
    {
        var text = File.ReadAllText(Path.Combine(_root, "deploy", "Dockerfile"));
        var stage = "";
        foreach (var line in Comment().Replace(text, "").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
        {
            var words = line.Split(' ', 2, StringSplitOptions.TrimEntries);
            if (words.Length < 2)
            {
                continue;
            }

            stage = words[0] == "FROM" ? line.Split(" AS ")[1].Trim() : stage;
            _instructions.Add((stage, words[0], words[1]));
        }
    }

    private void Copy(string[] paths)
    {
        var target = Path.Combine(_folder, "source", paths[^1]);
        foreach (var source in paths[..^1].Select(path => Path.Combine(_root, path)))
        {
            // .dockerignore keeps these out.
            var files = File.Exists(source)
                ? [source]
                : Directory
                    .EnumerateFiles(source, "*", SearchOption.AllDirectories)
                    .Where(file => !BuildOutput().IsMatch(file));
            foreach (var file in files)
            {
                var inside = file == source ? Path.GetFileName(file) : Path.GetRelativePath(source, file);
                var copy = Path.Combine(target, inside);
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy, overwrite: true);
            }
        }
    }

    private async Task RunAsync(string command)
    {
        var start = new ProcessStartInfo(
            "sh",
            ["-c", command.Replace("/out", $"{_folder}/out", StringComparison.Ordinal)]
        )
        {
            WorkingDirectory = Path.Combine(_folder, "source"),
        };
        // No server may outlive this one.
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        await using var run = ChildProcess.Start(start);
        Assert.True(await run.WaitForExitAsync(TimeSpan.FromMinutes(10)) == 0, $"{command}\n{run.Tail}");
    }

    private IEnumerable<KeyValuePair<string, string?>> Variables(string stage) =>
        _instructions
            .Where(instruction => instruction.Stage == stage && instruction.Name == "ENV")
            .SelectMany(instruction => instruction.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(setting => setting.Split('=', 2))
            .Select(setting => KeyValuePair.Create(setting[0], (string?)setting[1]));

    private string Value(string stage, string name) =>
        _instructions.Single(instruction => instruction.Stage == stage && instruction.Name == name).Value;

    private static string[] Json(string value) => JsonSerializer.Deserialize<string[]>(value)!;

    [GeneratedRegex("(?m)^#.*\n", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Comment();

    [GeneratedRegex("/(bin|obj)/", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BuildOutput();
}
