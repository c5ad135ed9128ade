using Npgsql;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>
/// PgBouncer from the machine's own binary, in transaction mode before a PostgreSQL server: each transaction of a client
/// gets any of a few sessions, which serve other clients too.
/// </summary>
internal sealed class InstalledPgBouncer(string target) : InstalledServer
{
    /// <summary>Sessions with the server, for each database.</summary>
    public const int Sessions = 4;

    private const string Program = "/usr/sbin/pgbouncer";

    private static readonly UnprivilegedUser User = new("postgres");

    private readonly int _port = LoopbackPort.Free();
    private readonly NpgsqlConnectionStringBuilder _target = new(target);

    public static bool IsInstalled => File.Exists(Program);

    /// <summary>To the same database as the target's, with what transaction mode needs.</summary>
    public override string ConnectionString => $"{Address};Max Auto Prepare=0;No Reset On Close=true";

    /// <summary>The same without what transaction mode needs.</summary>
    public string Address => $"Host=127.0.0.1;Port={_port};Username=anybody;Database={_target.Database}";

    protected override ProcessSignal OrderlyEnd => ProcessSignal.Terminate;

    private string Folder => Path.Combine(Leash.Folder, "pgbouncer");

    private string Settings => Path.Combine(Folder, "pgbouncer.ini");

    protected override async Task PrepareAsync()
    {
        if (Directory.Exists(Folder))
        {
            return;
        }

        await User.CreateFolderAsync(Leash, Folder);
        var password = _target.Password is { Length: > 0 } some ? $"password='{some}'" : "";
        await File.WriteAllTextAsync(
            Settings,
            $"""
            [databases]
            * = host={_target.Host} port={_target.Port} user={_target.Username} {password}

            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {_port}
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = {Sessions}
            max_client_conn = 500
            server_login_retry = 1

            """
        );
    }

    protected override ChildProcess Launch() => User.Start(Leash, Folder, [Program, Settings]);

    protected override Task<bool> AnswersAsync() => Databases.AnswersAsync(ConnectionString);
}
