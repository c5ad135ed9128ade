using System.Diagnostics;
using System.Globalization;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.Benchmarks.Load;

/// <summary>
/// One load through the whole chain: commands published as bare JSON, worker processes, the simulator in this
/// process, closing events received.
/// </summary>
public static class LoadRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public static async Task<LoadReport> RunAsync(LoadPlan plan, CancellationToken ct)
    {
        await using var servers = new BenchmarkServers();
        await servers.InitializeAsync();
        var rabbitMq = await servers.CreateVirtualHostAsync("load");
        var postgres = await servers.CreateDatabaseAsync("load");
        await using var simulator = await ZpkSimulatorServer.StartAsync(
            new() { GenerationTime = GenerationTime.Fixed(plan.GenerationTime), WaitTimeError = plan.WaitError },
            ct
        );
        if (plan.CallTime > TimeSpan.Zero)
            simulator.SetFaults($"latency {plan.CallTime.TotalSeconds.ToString(CultureInfo.InvariantCulture)}");
        using var workers = new WorkerFleet(rabbitMq, postgres, simulator.BaseAddress, Settings(plan), plan.Program);
        await workers.MigrateAsync(ct);
        if (plan.Closed > 0)
            await ClosedRequests.FillAsync(postgres, plan.Closed, ct);
        // Once for its queues to exist: a fanout exchange without a queue drops what it is given.
        await workers.StartAsync(1, ct);
        await using var broker = await BrokerLink.OpenAsync(rabbitMq, plan.Requests, ct);
        var ids = Enumerable.Range(0, plan.Requests).Select(_ => Guid.NewGuid()).ToList();

        if (plan.Rate == 0)
            await workers.StopAsync();
        var before = await DatabaseCounts.ReadAsync(postgres, ct);
        var messages = await servers.MessagesReceivedAsync();
        var watch = Stopwatch.StartNew();
        if (plan.Rate == 0)
        {
            await PublishAsync(broker, plan, ids, ct);
            watch.Restart();
            await workers.StartAsync(plan.Workers, ct);
        }
        else
        {
            await workers.StartAsync(plan.Workers - 1, ct);
            await WarmUpAsync(broker, plan, ct);
            before = await DatabaseCounts.ReadAsync(postgres, ct);
            messages = await servers.MessagesReceivedAsync();
            workers.ForgetCpu();
            watch.Restart();
            await PublishAsync(broker, plan, ids, ct);
        }
        await broker.AllClosed.WaitAsync(Patience, ct);
        watch.Stop();

        var cpu = workers.CpuSeconds();
        var ledger = simulator.ReadLedger().Totals;
        var overheads = broker.Overheads(plan.GenerationTime);
        var after = await DatabaseCounts.ReadAsync(postgres, ct);
        return new()
        {
            Plan = plan,
            WallSeconds = watch.Elapsed.TotalSeconds,
            RequestsPerSecond = plan.Requests / watch.Elapsed.TotalSeconds,
            WorkerCpuSecondsPer1000 = cpu / plan.Requests * 1000,
            WorkerPeakMiB = workers.PeakMiB(),
            TransactionsPerRequest = (double)(after.Transactions - before.Transactions) / plan.Requests,
            WalKiBPerRequest = (double)(after.WalBytes - before.WalBytes) / plan.Requests / 1024,
            ScannedRowsPerRequest = (double)(after.ScannedRows - before.ScannedRows) / plan.Requests,
            BrokerMessagesPerRequest = (double?)(await servers.MessagesReceivedAsync() - messages) / plan.Requests,
            ChecksPerRequest = (double)ledger.Checks / plan.Accepted,
            CheckLatenessP99 = ledger.Lateness?.P99,
            OverheadP50Milliseconds = overheads[overheads.Count / 2],
            OverheadP99Milliseconds = overheads[overheads.Count * 99 / 100],
            Lost = ids.Count(id => !broker.Closed.ContainsKey(id)),
            ClosedTwice = broker.Closed.Values.Count(messageIds => messageIds.Count > 1),
            ImagesPaid = ledger.ImagesPaid,
            ImagesAsked = (long)plan.Accepted * plan.Images,
            RepeatedIds = ledger.RepeatedIds,
        };
    }

    /// <summary>Just-in-time compilation is the start's cost, and would be all that the slowest hundredth shows.</summary>
    private static async Task WarmUpAsync(BrokerLink broker, LoadPlan plan, CancellationToken ct)
    {
        broker.StartOver(plan.WarmUp);
        if (plan.WarmUp > 0)
        {
            await PublishAsync(broker, plan, [.. Enumerable.Range(0, plan.WarmUp).Select(_ => Guid.NewGuid())], ct);
            await broker.AllClosed.WaitAsync(Patience, ct);
        }
        broker.StartOver(plan.Requests);
    }

    private static Dictionary<string, string?> Settings(LoadPlan plan)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (plan.Callbacks)
        {
            var address = $"http://127.0.0.1:{LoopbackPort.Free()}";
            settings["ASPNETCORE_URLS"] = address;
            settings["Zpk__CallbackBaseUrl"] = address;
        }
        return settings;
    }

    private static async Task PublishAsync(BrokerLink broker, LoadPlan plan, List<Guid> ids, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < ids.Count; i++)
        {
            if (plan.Rate > 0 && TimeSpan.FromSeconds(i / plan.Rate) - watch.Elapsed is { Ticks: > 0 } early)
                await Task.Delay(early, ct);
            await broker.PublishAsync(
                new GenerateImages
                {
                    RequestId = ids[i],
                    Prompt = "a load of foxes",
                    Count = plan.Images,
                },
                ct
            );
        }
        await broker.ConfirmedAsync();
    }
}
