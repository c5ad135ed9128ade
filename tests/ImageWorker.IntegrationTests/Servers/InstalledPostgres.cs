namespace ImageWorker.IntegrationTests.Servers;

/// <summary>PostgreSQL from the machine's own binaries. Durable: fsync and synchronous_commit keep their default, on.</summary>
internal sealed class InstalledPostgres : InstalledServer
{
    private static readonly UnprivilegedUser User = new("postgres");

    private readonly int _port = LoopbackPort.Free();
    private readonly string _folder;
    private readonly string _data;

    public InstalledPostgres()
    {
        _folder = Path.Combine(Leash.Folder, "postgres");
        _data = Path.Combine(_folder, "data");
        ConnectionString = $"Host=127.0.0.1;Port={_port};Username=postgres;Database=postgres;Include Error Detail=true";
    }

    public static bool IsInstalled => Binaries is not null;

    public override string ConnectionString { get; }

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
        // --no-sync spares syncing the empty cluster only; the server itself syncs.
        await using var initdb = Run(
            "initdb",
            $"--pgdata={_data}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync"
        );
        if (await initdb.WaitForExitAsync(TimeSpan.FromSeconds(90)) != 0)
        {
            throw new InvalidOperationException($"{initdb} failed:\n{initdb.Tail}");
        }
    }

    protected override ChildProcess Launch() =>
        Run(
            "postgres",
            "-D",
            _data,
            $"--port={_port}",
            "--listen_addresses=127.0.0.1",
            "--unix_socket_directories=",
            "--max_connections=200"
        );

    protected override Task<bool> AnswersAsync() => Databases.AnswersAsync(ConnectionString);

    // A killed server's backends hold its shared memory for a moment.
    protected override bool LeftoverIsGoing(string output) =>
        output.Contains("pre-existing shared memory block", StringComparison.Ordinal);

    private ChildProcess Run(string program, params string[] arguments) =>
        User.Start(Leash, _folder, [Path.Combine(Binaries!, program), .. arguments]);
}
