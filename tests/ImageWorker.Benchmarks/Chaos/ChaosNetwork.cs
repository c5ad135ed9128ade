using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.Benchmarks.Chaos;

/// <summary>What stands between workers and RabbitMQ, PostgreSQL and ZPK, and can fall silent.</summary>
internal sealed class ChaosNetwork : IAsyncDisposable
{
    private readonly SilentProxy[] _proxies;

    public ChaosNetwork(string rabbitMq, string postgres, Uri zpk)
    {
        // In place of the 30 s that a statement may take by default.
        _proxies = [new(rabbitMq), new($"{postgres};Command Timeout=3;Timeout=3"), new(zpk.ToString())];
        (RabbitMq, Postgres, Zpk) = (_proxies[0].Address, _proxies[1].Address, new(_proxies[2].Address));
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
