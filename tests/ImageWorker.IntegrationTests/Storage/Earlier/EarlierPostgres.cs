using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Storage.Earlier;

/// <summary>PostgreSQL databases of earlier versions, each migrated and with a worker of this version on it.</summary>
public sealed class EarlierPostgres(TestServers servers) : IAsyncDisposable
{
    private readonly Dictionary<string, WorkerUnderTest> _workers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StartedWorker> _processes = new(StringComparer.Ordinal);
    private readonly EmptyFolder _folder = new();

    /// <summary>The first to ask for a version has it restored, migrated and worked on; the others find it so.</summary>
    internal async Task<(WorkerUnderTest Worker, EarlierRequests Requests, ChildProcess Process)> OpenAsync(
        string version
    )
    {
        if (!_processes.TryGetValue(version, out var process))
        {
            _processes[version] = process = await StartAsync(version);
        }

        return (_workers[version], new(version), process.Process);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes.Values)
        {
            await process.DisposeAsync();
        }

        foreach (var worker in _workers.Values)
        {
            await worker.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task<StartedWorker> StartAsync(string version)
    {
        var dump = new EarlierDump(version, EarlierDump.Postgres);
        var zpkState = _folder.At($"{version}.jsonl");
        await File.WriteAllTextAsync(zpkState, dump.ZpkState, TestContext.Current.CancellationToken);
        var worker = _workers[version] = await WorkerUnderTest.CreateAsync(servers, migrated: false, zpkState);
        await worker.QueryAsync(dump.Sql);
        await worker.MigrateAsync();
        return await worker.StartAsync();
    }
}
