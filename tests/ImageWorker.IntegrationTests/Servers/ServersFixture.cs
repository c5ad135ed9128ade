namespace ImageWorker.IntegrationTests.Servers;

/// <summary>One RabbitMQ and one PostgreSQL, both started together, for the tests that share this fixture.</summary>
public abstract class ServersFixture : IAsyncLifetime
{
    private readonly bool _given;
    private readonly List<string> _databases = [];

    private IRabbitMqServer? _rabbitMq;
    private IServer? _postgres;

    protected ServersFixture(bool given) => _given = given;

    public IRabbitMqServer RabbitMq => _rabbitMq ?? throw new InvalidOperationException("RabbitMQ is not started.");

    /// <summary>Takes 200 connections.</summary>
    public IServer Postgres => _postgres ?? throw new InvalidOperationException("PostgreSQL is not started.");

    /// <summary>For example amqp://guest:guest@127.0.0.1:20123/.</summary>
    public string RabbitMqUri => RabbitMq.ConnectionString;

    /// <summary>Of the administration database: tests keep their data in one of <see cref="CreateDatabaseAsync"/>.</summary>
    public string PostgresConnectionString => Postgres.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        _rabbitMq = ServerChoice.RabbitMq(_given);
        _postgres = ServerChoice.Postgres(_given);
        await Task.WhenAll(StartAsync(_rabbitMq), StartAsync(_postgres));
    }

    public async ValueTask DisposeAsync()
    {
        if (_postgres is GivenServer)
        {
            foreach (var database in _databases)
            {
                await Databases.DropAsync(PostgresConnectionString, database);
            }
        }

        await Task.WhenAll(DisposeAsync(_rabbitMq), DisposeAsync(_postgres));
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Databases.CreateAsync"/>
    public async Task<string> CreateDatabaseAsync(string prefix, string? copied = null)
    {
        var database = await Databases.CreateAsync(PostgresConnectionString, prefix, copied);
        lock (_databases)
        {
            _databases.Add(database);
        }

        return database;
    }

    /// <inheritdoc cref="IRabbitMqServer.CreateVirtualHostAsync"/>
    public Task<string> CreateVirtualHostAsync(string prefix) =>
        RabbitMq.CreateVirtualHostAsync($"{prefix}-{Guid.NewGuid():n}");

    private static Task StartAsync(IServer server) => server is GivenServer ? Task.CompletedTask : server.StartAsync();

    private static async Task DisposeAsync(IServer? server)
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }
}
