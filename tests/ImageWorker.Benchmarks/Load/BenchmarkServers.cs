using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.Benchmarks.Load;

/// <summary>The tests' own servers: given by connection strings, in containers, or installed.</summary>
public sealed class BenchmarkServers() : ServersFixture(given: true)
{
    /// <summary>What publishers have handed to the broker so far; null where it cannot be asked.</summary>
    public async Task<long?> MessagesReceivedAsync() =>
        RabbitMq is InstalledRabbitMq installed ? await installed.MessagesReceivedAsync() : null;
}
