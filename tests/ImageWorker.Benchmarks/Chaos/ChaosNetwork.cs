using ImageWorker.IntegrationTests.Servers;
using Npgsql;

namespace ImageWorker.Benchmarks.Chaos;

/// <summary>What stands between workers and RabbitMQ, PostgreSQL and ZPK, and can fall silent.</summary>
internal sealed class ChaosNetwork : IAsyncDisposable
{
    private readonly SilentProxy[] _proxies;

    public ChaosNetwork(string rabbitMq, string postgres, Uri zpk)
    {
        var (broker, database) = (new UriBuilder(rabbitMq), new NpgsqlConnectionStringBuilder(postgres));
        _proxies = [new(broker.Port), new(database.Port), new(zpk.Port)];
        broker.Port = _proxies[0].Port;
        (database.Host, database.Port) = ("127.0.0.1", _proxies[1].Port);
        // In place of the 30 s that a statement may take by default.
        (database.CommandTimeout, database.Timeout) = (3, 3);
        (RabbitMq, Postgres) = (broker.Uri.ToString(), database.ConnectionString);
        Zpk = new UriBuilder(zpk) { Port = _proxies[2].Port }.Uri;
    }

    public string RabbitMq { get; }

    public string Postgres { get; }

    public Uri Zpk { get; }

    /// <summary>Has all that is open to one of the servers fall silent, one way or both.</summary>
    /// <returns>What it did.</returns>
    public string Silence(Random random)
    {
        var at = random.Next(_proxies.Length);
        var way = random.Next(3);
        _proxies[at].Silence(toServer: way != 1, toClient: way != 2);
        return $"{new[] { "RabbitMQ", "PostgreSQL", "ZPK" }[at]}, {new[] { "both ways", "towards the workers", "from the workers" }[way]}";
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _proxies)
            await proxy.DisposeAsync();
    }
}
