using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Telemetry;
using ImageWorker.IntegrationTests.Workers;
using ImageWorker.ZpkSimulator;

namespace ImageWorker.IntegrationTests.Storage.Earlier;

/// <summary>Files of earlier versions, each alone in a folder, migrated and with an embedded worker of this version on it.</summary>
public sealed class EarlierSqlite : IAsyncDisposable
{
    private readonly Dictionary<string, Opened> _opened = new(StringComparer.Ordinal);

    /// <summary>The first to ask for a version has it restored, migrated and worked on; the others find it so.</summary>
    internal async Task<(Opened Worker, EarlierRequests Requests)> OpenAsync(string version)
    {
        if (!_opened.TryGetValue(version, out var opened))
        {
            _opened[version] = opened = await Opened.StartAsync(version);
        }

        return (opened, new(version));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var opened in _opened.Values)
        {
            await opened.DisposeAsync();
        }
    }

    internal sealed class Opened(EmptyFolder folder, ZpkSimulatorServer zpk, StartedWorker worker) : IAsyncDisposable
    {
        public ZpkSimulatorServer Zpk => zpk;

        public ChildProcess Process => worker.Process;

        public Task<Scrape> ScrapeAsync() => Scrape.OfAsync(worker);

        public static async Task<Opened> StartAsync(string version)
        {
            var dump = new EarlierDump(version, EarlierDump.Sqlite);
            var folder = new EmptyFolder();
            // As the worker makes it; the dump does not say so.
            await SqliteFile.QueryAsync(folder.At("imageworker.db"), "PRAGMA journal_mode = WAL");
            await SqliteFile.QueryAsync(folder.At("imageworker.db"), dump.Sql);
            await File.WriteAllTextAsync(folder.At("zpk.jsonl"), dump.ZpkState, TestContext.Current.CancellationToken);
            await SqliteFile.MigrateAsync(folder);
            var zpk = await WorkerUnderTest.StartZpkAsync(folder.At("zpk.jsonl"));
            var worker = WorkerProgram.StartWorker(WorkerUnderTest.QuickSettings(zpk), folder.FullName);
            await worker.ReadyAsync();
            return new(folder, zpk, worker);
        }

        /// <summary>Runs a command of the executable in the folder.</summary>
        public ChildProcess Run(params string[] arguments) =>
            WorkerProgram.Start(arguments, WorkerUnderTest.QuickSettings(zpk), folder.FullName);

        public ChildProcess Send(GenerateImages command) =>
            Run([
                "send",
                command.Prompt,
                $"--request-id={command.RequestId}",
                $"--count={command.Count}",
                $"--timeout-seconds={command.TimeoutSeconds}",
                .. command.Metadata!.Select(entry => $"--metadata={entry.Key}={entry.Value}"),
            ]);

        public Task<object?> QueryAsync(string sql) => SqliteFile.QueryAsync(folder.At("imageworker.db"), sql);

        public async ValueTask DisposeAsync()
        {
            await worker.DisposeAsync();
            await zpk.DisposeAsync();
            folder.Dispose();
        }
    }
}
