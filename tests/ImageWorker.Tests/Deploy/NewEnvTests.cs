using System.Diagnostics;
using System.Runtime.Versioning;
using static ImageWorker.Tests.Deploy.DeployFiles;

namespace ImageWorker.Tests.Deploy;

public sealed class NewEnvTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imageworker-env-");

    [Fact]
    public async Task Each_run_makes_other_passwords_for_the_owners_eyes_alone_and_none_overwrites_them()
    {
        _folder.CreateSubdirectory("deploy");
        File.Copy(At("deploy/new-env.sh"), Path.Combine(_folder.FullName, "deploy", "new-env.sh"));
        File.Copy(At(".env.example"), Path.Combine(_folder.FullName, ".env.example"));
        var env = Path.Combine(_folder.FullName, ".env");

        Assert.Equal(0, await RunAsync());
        var made = Assignments(env);
        Assert.Equal(Assignments(".env.example").Keys, made.Keys);
        var secrets = made.Where(setting =>
                setting.Key.EndsWith("_PASSWORD", StringComparison.Ordinal)
                || setting.Key.EndsWith("_KEY", StringComparison.Ordinal)
            )
            .ToList();
        Assert.Equal(5, secrets.Count);
        Assert.All(secrets, secret => Assert.Matches("^[0-9a-f]{48}$", secret.Value));
        Assert.Distinct(secrets.Select(secret => secret.Value), StringComparer.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(env));
            AssertSecretsOfContainers();
        }

        Assert.Equal(1, await RunAsync());
        Assert.Equal(made, Assignments(env));
    }

    /// <summary>Of this machine's users the owner alone gets there; within, a container's user can read what is mounted.</summary>
    [UnsupportedOSPlatform("windows")]
    private void AssertSecretsOfContainers()
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var secrets = Path.Combine(_folder.FullName, ".secrets");

        Assert.Equal(Owner, File.GetUnixFileMode(secrets));
        foreach (
            var mounted in Yaml("docker-compose.yml")["services"]!
                .AsObject()
                .SelectMany(service => Texts(service.Value!["volumes"]))
                .Select(volume => volume.Split(':')[0])
                .Where(volume => volume.StartsWith("./.secrets/", StringComparison.Ordinal))
        )
            Assert.True(
                File.GetUnixFileMode(Path.Combine(_folder.FullName, mounted)).HasFlag(UnixFileMode.OtherExecute),
                mounted
            );
        var key = Path.Combine(secrets, "zpk", "api-key");
        Assert.True(File.GetUnixFileMode(key).HasFlag(UnixFileMode.OtherRead));
        Assert.Equal("simulator", File.ReadAllText(key).Trim());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<int> RunAsync()
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(_folder.FullName, "deploy", "new-env.sh")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var script = Process.Start(start)!;
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        return script.ExitCode;
    }
}
