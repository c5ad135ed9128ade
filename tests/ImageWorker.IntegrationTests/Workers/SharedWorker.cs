using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>The tests that leave the worker alive: one at a time, all on the same one.</summary>
[CollectionDefinition(nameof(SharedWorker))]
public sealed class SharedWorker : ICollectionFixture<SharedWorkerFixture>;

/// <summary>One worker that runs all the time.</summary>
public sealed class SharedWorkerFixture(TestServers servers) : IAsyncLifetime
{
    private WorkerUnderTest? _worker;
    private StartedWorker? _started;

    public WorkerUnderTest Worker => _worker ?? throw new InvalidOperationException("The worker is not started.");

    public StartedWorker Started => _started ?? throw new InvalidOperationException("The worker is not started.");

    public ChildProcess Process => Started.Process;

    public async ValueTask InitializeAsync()
    {
        _worker = await WorkerUnderTest.CreateAsync(servers);
        _started = await _worker.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_started is not null)
        {
            await _started.DisposeAsync();
        }

        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }
    }
}
