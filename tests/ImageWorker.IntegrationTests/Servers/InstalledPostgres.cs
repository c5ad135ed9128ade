using Npgsql;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>PostgreSQL from the machine's own binaries. Durable: fsync and synchronous_commit keep their default, on.</summary>
internal sealed class InstalledPostgres : InstalledServer
{
    private static readonly UnprivilegedUser User = new("postgres");

    private readonly string _folder;
    private readonly string _data;
    private readonly InstalledPostgres? _primary;
    private readonly string? _log;

    private IReadOnlyDictionary<string, string> _environment = new Dictionary<string, string>(StringComparer.Ordinal);
    private int _port = LoopbackPort.Free();

    /// <summary>A server of its own, not started.</summary>
    /// <param name="log">Where its write-ahead log is, in files of 1 MiB: an empty folder. Null: in the folder of its data.</param>
    public InstalledPostgres(string? log = null)
    {
        _log = log;
        _folder = Path.Combine(Leash.Folder, "postgres");
        _data = Path.Combine(_folder, "data");
    }

    private InstalledPostgres(InstalledPostgres primary)
        : this() => _primary = primary;

    public static bool IsInstalled => Binaries is not null;

    public override string ConnectionString =>
        $"Host=127.0.0.1;Port={_port};Username=postgres;Database=postgres;Include Error Detail=true";

    /// <summary>A standby that follows this server; not started.</summary>
    public InstalledPostgres Standby() => new(this);

    /// <summary>From its next start on its clock is so far ahead; may be called again while it runs.</summary>
    public void SetClock(TimeSpan ahead)
    {
        var file = Path.Combine(Leash.Folder, "clock");
        FakedTime.Set(file, ahead);
        _environment = FakedTime.From(file);
    }

    /// <summary>Holds up what it receives from its primary, by stopping the process that does.</summary>
    public async Task FreezeReceiverAsync()
    {
        await using var database = NpgsqlDataSource.Create(ConnectionString);
        var receiver = await database.RunAsync("SELECT pid FROM pg_stat_wal_receiver");
        ProcessSignal.Stop.SendTo((int)receiver!);
    }

    /// <summary>Takes the place of its primary, which must be dead, with what it has by now.</summary>
    public async Task TakeOverAsync()
    {
        await KillAsync();
        _port = _primary!._port;
        await StartAsync();
        await using var database = NpgsqlDataSource.Create(ConnectionString);
        Assert.Equal(true, await database.RunAsync("SELECT pg_promote()"));
    }

    // "Fast": disconnects the clients instead of waiting for them.
    protected override ProcessSignal OrderlyEnd => ProcessSignal.Interrupt;

    private static string? Binaries =>
        new DirectoryInfo("/usr/lib/postgresql") is { Exists: true } versions
            ? versions
                .EnumerateDirectories()
                .Where(version => File.Exists(Path.Combine(version.FullName, "bin", "postgres")))
                .OrderByDescending(version => int.TryParse(version.Name, out var number) ? number : 0)
                .Select(version => Path.Combine(version.FullName, "bin"))
                .FirstOrDefault()
            : null;

    protected override async Task PrepareAsync()
    {
        if (Directory.Exists(_folder))
        {
            return;
        }

        await User.CreateFolderAsync(Leash, _folder);
        if (_log is not null)
            await User.CreateFolderAsync(Leash, _log);
        if (_primary is not null)
        {
            await FinishAsync(
                Run(
                    "pg_basebackup",
                    $"--pgdata={_data}",
                    $"--dbname=host=127.0.0.1 port={_primary._port} user=postgres",
                    "--write-recovery-conf",
                    "--checkpoint=fast",
                    "--no-sync"
                )
            );
            return;
        }
        // --no-sync spares syncing the empty cluster only; the server itself syncs.
        string[] logFolder = _log is null ? [] : [$"--waldir={_log}", "--wal-segsize=1"];
        await FinishAsync(
            Run(
                "initdb",
                [
                    $"--pgdata={_data}",
                    "--username=postgres",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                    .. logFolder,
                ]
            )
        );
    }

    protected override ChildProcess Launch() =>
        // Not for the programs that become this user, whose shared memory it could not open.
        User.Start(
            Leash,
            _folder,
            [
                "env",
                .. _environment.Select(variable => $"{variable.Key}={variable.Value}"),
                Path.Combine(Binaries!, "postgres"),
                "-D",
                _data,
                $"--port={_port}",
                "--listen_addresses=127.0.0.1",
                "--unix_socket_directories=",
                "--max_connections=200",
            ]
        );

    protected override Task<bool> AnswersAsync() => Databases.AnswersAsync(ConnectionString);

    // A killed server's backends hold its shared memory for a moment.
    protected override bool LeftoverIsGoing(string output) =>
        output.Contains("pre-existing shared memory block", StringComparison.Ordinal);

    private static async Task FinishAsync(ChildProcess program)
    {
        await using (program)
        {
            if (await program.WaitForExitAsync(TimeSpan.FromSeconds(90)) != 0)
            {
                throw new InvalidOperationException($"{program} failed:\n{program.Tail}");
            }
        }
    }

    private ChildProcess Run(string program, params string[] arguments) =>
        User.Start(Leash, _folder, [Path.Combine(Binaries!, program), .. arguments]);
}
