using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using ImageWorker.ZpkSimulator;
using Npgsql;

namespace ImageWorker.IntegrationTests.Commands;

/// <summary>A broker that takes TLS alone, on a port that nobody would guess it from, and a worker that works with it.</summary>
public sealed class SecureBroker(TestServers servers) : IAsyncLifetime
{
    /// <summary>OpenSSL's own.</summary>
    public const string AuthorityFile = "SSL_CERT_FILE";

    public const string RabbitMq = "ConnectionStrings__RabbitMq";
    private const string Postgres = "ConnectionStrings__Postgres";

    private readonly TestAuthority _authority = new("localhost");
    private readonly EmptyFolder _folder = new();
    private IRabbitMqServer? _rabbitMq;
    private ZpkSimulatorServer? _zpk;
    private NpgsqlDataSource? _database;
    private StartedWorker? _worker;

    public Dictionary<string, string?> Settings { get; private set; } = [];

    public Uri Address => new(Settings[RabbitMq]!);

    public async ValueTask InitializeAsync()
    {
        _rabbitMq = ServerChoice.SecureRabbitMq(_authority);
        var starting = _rabbitMq.StartAsync();
        _zpk = await WorkerUnderTest.StartZpkAsync();
        var authorityFile = _folder.At("authority.pem");
        await File.WriteAllTextAsync(authorityFile, _authority.CertificatePem, TestContext.Current.CancellationToken);
        Settings = WorkerUnderTest.QuickSettings(_zpk);
        Settings[RabbitMq] = _rabbitMq.ConnectionString;
        Settings[Postgres] = await servers.CreateDatabaseAsync("secure");
        Settings[AuthorityFile] = authorityFile;
        _database = NpgsqlDataSource.Create(Settings[Postgres]!);
        await using var migration = WorkerProgram.Start(["migrate"], Settings);
        Assert.True(await migration.WaitForExitAsync() == 0, migration.Tail);
        await starting;
        _worker = WorkerProgram.StartWorker(Settings);
        await _worker.ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        if (_zpk is not null)
        {
            await _zpk.DisposeAsync();
        }

        if (_rabbitMq is not null)
        {
            await _rabbitMq.DisposeAsync();
        }

        _folder.Dispose();
        _authority.Dispose();
    }

    /// <summary>The first value of the first row.</summary>
    public Task<object?> QueryAsync(string sql) => _database!.RunAsync(sql);
}
