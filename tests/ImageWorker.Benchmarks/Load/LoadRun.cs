using System.Diagnostics;
using System.Globalization;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Generation;
using ImageWorker.ZpkSimulator.Ledger;

namespace ImageWorker.Benchmarks.Load;

/// <summary>
/// One load through the whole chain: commands published as bare JSON, worker processes, the simulator in this
/// process, closing events received.
/// </summary>
public static class LoadRun
{
    private const string Prompts = "a load of foxes, ";

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    public static async Task<LoadReport> RunAsync(LoadPlan plan, CancellationToken ct)
    {
        await using var simulator = await ZpkSimulatorServer.StartAsync(
            new() { GenerationTime = GenerationTime.Fixed(plan.GenerationTime), WaitTimeError = plan.WaitError },
            ct
        );
        plan.Troubles.Check(simulator);
        simulator.SetFaults(Latency(plan));
        await using var servers = new BenchmarkServers();
        await servers.InitializeAsync();
        var rabbitMq = await servers.CreateVirtualHostAsync("load");
        var postgres = await servers.CreateDatabaseAsync("load");
        using var workers = new WorkerFleet(rabbitMq, postgres, simulator.BaseAddress, Settings(plan), plan.Program);
        using var others = new WorkerFleet(rabbitMq, postgres, simulator.BaseAddress, Settings(plan), plan.Other);
        await workers.MigrateAsync(ct);
        if (plan.Closed > 0)
            await ClosedRequests.FillAsync(postgres, plan.Closed, ct);
        // Once for its queues to exist: a fanout exchange without a queue drops what it is given.
        await workers.StartAsync(1, ct);
        await using var broker = await BrokerLink.OpenAsync(
            rabbitMq,
            plan.Requests + plan.BesideCount,
            outlivesBroker: plan.Troubles.StopsBroker,
            ct
        );
        var ids = Enumerable.Range(0, plan.Requests).Select(_ => Guid.NewGuid()).ToList();

        if (!plan.IsWarm)
            await workers.StopAsync();
        var before = await DatabaseCounts.ReadAsync(postgres, ct);
        var messages = await servers.MessagesReceivedAsync();
        var spans = new List<LimitSpan>();
        using var closed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watch = Stopwatch.StartNew();
        if (plan.IsWarm)
        {
            await workers.StartAsync(plan.Workers - 1, ct);
            await WarmUpAsync(broker, plan, ct);
            before = await DatabaseCounts.ReadAsync(postgres, ct);
            messages = await servers.MessagesReceivedAsync();
            workers.ForgetCpu();
        }
        else
        {
            await PublishAsync(broker, plan, ids, Prompt, ct);
        }
        Trouble();
        watch.Restart();
        var began = TimeProvider.System.GetUtcNow();
        if (!plan.IsWarm)
            await workers.StartAsync(plan.Workers, ct);
        if (plan.Other is not null)
            await others.StartAsync(1, ct);
        var rollback = RollBackAsync();
        var beside = Task.WhenAll(
            plan.Beside.Select(load => load.PublishAsync(broker, plan.BesideTime, plan.Images, closed.Token))
        );
        var troubles = plan.Troubles.RunAsync(simulator, servers, workers, spans, closed.Token);
        if (plan.IsWarm)
            await PublishAsync(broker, plan, ids, Prompt, ct);
        await AllClosedAsync(broker, plan, ct);
        watch.Stop();
        await closed.CancelAsync();
        var outages = await troubles;
        await beside;
        await rollback;

        if (plan.Calls is { } file)
            await WriteCallsAsync(file, simulator.ReadCalls(), ct);
        var cpu = workers.CpuSeconds();
        var report = simulator.ReadLedger();
        var ledger = report.Totals;
        var overheads = broker.Overheads(plan.GenerationTime);
        var after = await DatabaseCounts.ReadAsync(postgres, ct);
        return new()
        {
            Plan = plan,
            WallSeconds = watch.Elapsed.TotalSeconds,
            RequestsPerSecond = plan.Requests / watch.Elapsed.TotalSeconds,
            AcceptedAfter = plan is { Rate: 0, Beside.Count: 0 } ? (broker.LastAccepted - began).TotalSeconds : null,
            WorkerCpuSecondsPer1000 = cpu / plan.Requests * 1000,
            WorkerPeakMiB = workers.PeakMiB(),
            TransactionsPerRequest = (double)(after.Transactions - before.Transactions) / plan.Requests,
            WalKiBPerRequest = (double)(after.WalBytes - before.WalBytes) / plan.Requests / 1024,
            ScannedRowsPerRequest = (double)(after.ScannedRows - before.ScannedRows) / plan.Requests,
            // A broker that was stopped counts anew.
            BrokerMessagesPerRequest = plan.Troubles.StopsBroker
                ? null
                : (double?)(await servers.MessagesReceivedAsync() - messages) / plan.Requests,
            ChecksPerRequest = (double)ledger.Checks / plan.Accepted,
            CheckLatenessP99 = ledger.Lateness?.P99,
            OverheadP50Milliseconds = overheads.Count > 0 ? overheads[overheads.Count / 2] : null,
            OverheadP99Milliseconds = overheads.Count > 0 ? overheads[overheads.Count * 99 / 100] : null,
            Limits = plan.Troubles.HasLimits
                ? LimitReport.Of(simulator, spans, [.. Enumerable.Range(0, plan.Requests).Select(Prompt)], plan)
                : null,
            Outages =
            [
                .. outages.Select(of => OutageReport.Of(of.What, of.From, of.To, simulator.ReadCalls().Seconds)),
            ],
            Beside = [.. plan.Beside.Select(load => load.Report(report))],
            BacklogPerSecond = BacklogPerSecond(report),
            Lost = ids.Concat(plan.Beside.SelectMany(load => load.Ids)).Count(id => !broker.Closed.ContainsKey(id)),
            ClosedTwice = broker.Closed.Values.Count(messageIds => messageIds.Count > 1),
            ImagesPaid = ledger.ImagesPaid,
            ImagesAsked = (long)plan.Accepted * plan.Images,
            RepeatedIds = ledger.RepeatedIds,
            OwnFaults = [.. workers.OwnFaults],
        };

        // While the others send, but for the time until the limit was found.
        double? BacklogPerSecond(LedgerReport told)
        {
            var starts = told
                .Submissions.Where(entry => entry.Prompt.StartsWith(Prompts, StringComparison.Ordinal))
                .Select(entry => entry.AcceptedAt)
                .ToList();
            if (plan.Beside.Count == 0 || starts.Count == 0)
                return null;
            var from = starts.Min() + Settling;
            var to = from + plan.BesideTime - Settling;
            return starts.Count(at => at >= from && at < to) / (to - from).TotalSeconds;
        }

        async Task RollBackAsync()
        {
            if (plan.Rollback is not { } time)
                return;
            await Task.Delay(time, ct);
            await workers.StopAsync();
        }

        void Trouble()
        {
            simulator.SetFaults([.. Latency(plan), .. plan.Troubles.Faults]);
            simulator.SetLimits(plan.Troubles.Limits);
            spans.Add(LimitSpan.Begin(simulator));
        }
    }

    /// <summary>One of its own for each request, by which the simulator's ledger tells them apart.</summary>
    private static string Prompt(int request) => $"{Prompts}{request}";

    private static List<string> Latency(LoadPlan plan) =>
        plan.CallTime > TimeSpan.Zero
            ? [$"latency {plan.CallTime.TotalSeconds.ToString(CultureInfo.InvariantCulture)}"]
            : [];

    private static Task WriteCallsAsync(string file, CallsReport calls, CancellationToken ct) =>
        File.WriteAllLinesAsync(
            file,
            calls
                .Seconds.Select(of => $"{of.Second},{of.Generate},{of.Check},{of.GenerateLimited},{of.CheckLimited}")
                .Prepend("second,generate,check,generate_limited,check_limited"),
            ct
        );

    /// <summary>Returns when its patience is over, too: what is not closed by then is reported as lost.</summary>
    private static async Task AllClosedAsync(BrokerLink broker, LoadPlan plan, CancellationToken ct)
    {
        try
        {
            await broker.AllClosed.WaitAsync(plan.Patience, ct);
        }
        catch (TimeoutException)
        {
            Console.WriteLine($"{broker.Closed.Count} requests are closed after {plan.Patience.TotalSeconds} s.");
        }
    }

    /// <summary>Just-in-time compilation is the start's cost, and would be all that the slowest hundredth shows.</summary>
    private static async Task WarmUpAsync(BrokerLink broker, LoadPlan plan, CancellationToken ct)
    {
        broker.StartOver(plan.WarmUp);
        if (plan.WarmUp > 0)
        {
            List<Guid> ids = [.. Enumerable.Range(0, plan.WarmUp).Select(_ => Guid.NewGuid())];
            await PublishAsync(broker, plan, ids, request => $"foxes that warm up, {request}", ct);
            await broker.AllClosed.WaitAsync(plan.Patience, ct);
        }
        broker.StartOver(plan.Requests + plan.BesideCount);
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

    private static async Task PublishAsync(
        BrokerLink broker,
        LoadPlan plan,
        List<Guid> ids,
        Func<int, string> prompt,
        CancellationToken ct
    )
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
                    Prompt = prompt(i),
                    Count = plan.Images,
                    Tenant = plan.Beside.Count > 0 ? BesideLoad.Backlog : null,
                },
                ct
            );
        }
        await broker.ConfirmedAsync();
    }
}
