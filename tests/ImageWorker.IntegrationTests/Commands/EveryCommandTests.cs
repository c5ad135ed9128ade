using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using ImageWorker.Commands;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;

namespace ImageWorker.IntegrationTests.Commands;

/// <summary>Whatever is wrong around it, each command ends as <c>docs/commands.md</c> says: one line and 0, 1 or 2.</summary>
public sealed class EveryCommandTests(TestServers servers) : IDisposable
{
    private const string Password = "hunter2secret";
    private const string RabbitMq = "ConnectionStrings__RabbitMq";
    private const string Postgres = "ConnectionStrings__Postgres";

    private static readonly string[] SignsOfATrace = ["   at ", "Unhandled exception", "--->", "Exception:"];

    private readonly EmptyFolder _folder = new();
    private readonly TcpListener _taken = new(IPAddress.Loopback, 0);

    /// <summary>From the table of commands itself, with something for each argument that must be given.</summary>
    public static TheoryData<string> Commands { get; } = [.. Lines(CommandLine.Root(), [])];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task With_servers_that_are_down(string line) =>
        await TellsAsync(
            line,
            new(RabbitMq, $"amqp://worker:{Password}@127.0.0.1:1/"),
            new(Postgres, $"Host=127.0.0.1;Port=1;Database=none;Username=worker;Password={Password}")
        );

    [Theory]
    [InlineData("send fox")]
    [InlineData("migrate")]
    [InlineData("pace show")]
    [InlineData("queues list")]
    public async Task With_a_wrong_password(string line) =>
        await TellsAsync(
            line,
            new(RabbitMq, $"{new UriBuilder(servers.RabbitMqUri) { Password = Password }}"),
            new(
                Postgres,
                new NpgsqlConnectionStringBuilder(servers.PostgresConnectionString)
                {
                    Username = "nobody",
                    Password = Password,
                }.ConnectionString
            )
        );

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task With_a_file_that_is_no_database(string line)
    {
        await File.WriteAllTextAsync(
            _folder.At("imageworker.db"),
            string.Concat(Enumerable.Repeat("no database ", 1000)),
            TestContext.Current.CancellationToken
        );

        await TellsAsync(line);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("try fox")]
    [InlineData("healthcheck")]
    public async Task With_a_settings_file_that_cannot_be_read(string line)
    {
        await File.WriteAllTextAsync(_folder.At("appsettings.json"), "{", TestContext.Current.CancellationToken);

        await TellsAsync(line);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("try 'a fox [seconds 0.1]'")]
    public async Task With_no_room_for_what_it_prints(string line)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Only Linux has a file that is always full.");
        await using var command = ChildProcess.Start(
            new System.Diagnostics.ProcessStartInfo(
                "sh",
                ["-c", $"exec dotnet '{WorkerProgram.Dll}' {line} >/dev/full"]
            )
            {
                WorkingDirectory = _folder.FullName,
            }
        );

        Assert.Equal(1, await command.WaitForExitAsync());
        Assert.Equal("ImageWorker: No space left on device", command.ErrorLines[^1].Split(" :")[0]);
    }

    public void Dispose()
    {
        _taken.Dispose();
        _folder.Dispose();
    }

    private async Task TellsAsync(string line, params KeyValuePair<string, string?>[] settings)
    {
        // The worker would wait for its servers. So its own address is taken too.
        _taken.Start();
        await using var command = WorkerProgram.Start(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            [
                new("ASPNETCORE_URLS", $"http://{_taken.LocalEndpoint}"),
                new("Zpk__ApplicationId", "tests"),
                new("Zpk__ApiKey", "tests"),
                .. settings,
            ],
            _folder.FullName
        );

        var code = await command.WaitForExitAsync();

        Assert.True(code is 0 or 1 or 2, $"{command} ended with {code}:\n{command.Tail}");
        if (code != 0)
        {
            Assert.StartsWith("ImageWorker: ", Assert.Single(command.ErrorLines), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(
            command.Lines,
            said => said.Contains(Password, StringComparison.Ordinal) || Array.Exists(SignsOfATrace, said.Contains)
        );
    }

    private static IEnumerable<string> Lines(Command command, IReadOnlyList<string> names)
    {
        if (command.Action is not null || command.Subcommands.Count == 0)
        {
            var options = command
                .Options.Where(option => option.Required)
                .SelectMany(option => new[] { option.Name, Something(option.ValueType) });
            yield return string.Join(
                ' ',
                [.. names, .. command.Arguments.Select(argument => Something(argument.ValueType)), .. options]
            );
        }

        foreach (var line in command.Subcommands.SelectMany(inner => Lines(inner, [.. names, inner.Name])))
        {
            yield return line;
        }
    }

    private static string Something(Type type) =>
        type.Name == "RequestIdText" ? $"{Guid.NewGuid()}"
        : type == typeof(double) ? "1"
        : "[seconds0.1]x_error";
}
