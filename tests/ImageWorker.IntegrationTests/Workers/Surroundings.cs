using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>A worker's surroundings for the tests of one class, which start and kill the workers.</summary>
public sealed class Surroundings(TestServers servers) : IAsyncLifetime
{
    private WorkerUnderTest? _worker;

    public WorkerUnderTest Worker => _worker ?? throw new InvalidOperationException("They are not ready.");

    public async ValueTask InitializeAsync() => _worker = await WorkerUnderTest.CreateAsync(servers);

    public ValueTask DisposeAsync() => _worker?.DisposeAsync() ?? ValueTask.CompletedTask;
}
