using System.Diagnostics;
using System.Text.Json;
using ImageWorker.Benchmarks.Load;
using ImageWorker.Contracts;
using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.Benchmarks.Chaos;

/// <summary>
/// Publishes commands, some twice and some faulty, to worker processes that are killed, on servers that are restarted,
/// against a simulator that loses answers; then waits until everything is closed and compares all sides.
/// </summary>
public sealed class ChaosRun(ChaosPlan plan)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly string[] Faults =
    [
        "reset generate before 3%",
        "reset generate after 3%",
        "http-503 generate after 2%",
        "http-502 generate before 2%",
        "http-429 generate before 3% 1",
        "truncated generate after 2%",
        "content-type generate after 2%",
        "late 1 5%",
        "reset check 3%",
        "http-503 check 3%",
        "unknown-status check 3%",
    ];

    private static readonly string?[] Tenants = [null, "shop", "studio"];
    private static readonly string[] Priorities = ["normal", "high", "low"];

    private readonly Random _random = new(plan.Seed);
    private readonly Secrets _secrets = new();

    public async Task<ChaosReport> RunAsync(CancellationToken ct)
    {
        Console.WriteLine($"seed {plan.Seed}, {plan.Duration.TotalSeconds:0} s and the outages' time");
        var watch = Stopwatch.StartNew();
        await using var servers = new ChaosServers();
        await servers.InitializeAsync();
        var rabbitMq = await servers.RabbitMq.CreateUserAsync("chaos", _secrets.BrokerPassword);
        var postgres = await servers.CreateOwnedDatabaseAsync("chaos", _secrets.DatabasePassword);
        await using var simulator = await ZpkSimulatorServer.StartAsync(Options(), ct);
        await using var network = new ChaosNetwork(rabbitMq, postgres, simulator.BaseAddress);
        using var workers = new WorkerFleet(network.RabbitMq, network.Postgres, network.Zpk, Settings());
        using var older = new WorkerFleet(rabbitMq, postgres, simulator.BaseAddress, Settings(), plan.Older);
        var first = plan.Older is null ? workers : older;
        await first.MigrateAsync(ct);
        await first.StartAsync(plan.Replicas, ct);

        await using var witness = await Witness.OpenAsync(servers.RabbitMqUri, ct);
        simulator.SetFaults(Faults);
        var commands = Commands();
        var unreadable = commands.Where(command => command.IsUnreadable).Select(command => command.Json).ToList();
        var saboteur = new Saboteur(plan, new(_random.Next()), servers, network, workers, older);
        var breaking = saboteur.RunAsync(ct);
        await PublishAsync(witness, commands, ct);
        await breaking;

        // From here on only what is left over: nothing breaks any more.
        simulator.SetFaults();
        var readable = commands.Where(command => !command.IsUnreadable).Select(command => command.Id).ToList();
        var ids = readable.Distinct().ToList();
        // Versions may refuse the same command under different message ids. Nothing was accepted, and both say the same.
        var anyTimes = plan.Older is null
            ? []
            : commands.Where(command => command.IsFaulty).Select(command => command.Id);
        await witness.WaitUntilClosedAsync(ids, Patience, ct);
        var kept = await KeptAsync(witness, unreadable, ct);
        await LookForSecretsAsync([.. workers.Lines, .. older.Lines], witness, postgres, ct);
        return Compare(ids, readable.Count - ids.Count, anyTimes.ToHashSet(), witness, simulator, saboteur) with
        {
            Unreadable = unreadable.Count,
            Kept = kept,
            SecretsFound = _secrets.Places,
            OwnFaults = [.. workers.OwnFaults],
            Seconds = watch.Elapsed.TotalSeconds,
        };
    }

    /// <summary>How many of the unreadable bodies the error queue holds, once it has them all or none came for long.</summary>
    private async Task<int> KeptAsync(Witness witness, List<string> unreadable, CancellationToken ct)
    {
        var messages = new List<string>();
        var kept = 0;
        for (var tries = 0; kept < unreadable.Count && tries < 100; tries++)
        {
            messages.AddRange(await witness.DrainAsync("generate-images_error", ct));
            kept = unreadable.Count(body =>
                messages.Exists(message => message.EndsWith($"\n{body}", StringComparison.Ordinal))
            );
            await Task.Delay(TimeSpan.FromMilliseconds(300), ct);
        }
        messages.ForEach(message => _secrets.LookIn("generate-images_error", message));
        return kept;
    }

    private async Task LookForSecretsAsync(List<string> lines, Witness witness, string postgres, CancellationToken ct)
    {
        lines.ForEach(line => _secrets.LookIn("a worker's log", line));
        foreach (var received in witness.Received)
            _secrets.LookIn("an event", received);
        var rows = await _secrets.LookInDatabaseAsync(postgres, ct);
        Console.WriteLine(
            $"looked for secrets in {lines.Count} lines of log, {witness.Received.Count} events and {rows} rows"
        );
    }

    private ChaosReport Compare(
        List<Guid> ids,
        int duplicates,
        HashSet<Guid> anyTimes,
        Witness witness,
        ZpkSimulatorServer simulator,
        Saboteur saboteur
    )
    {
        var ledger = simulator.ReadLedger();
        var charged = ledger.Submissions.ToDictionary(entry => entry.UniqueRequestId, StringComparer.Ordinal);
        var named = witness
            .Events.Values.SelectMany(closing => closing.Cost.Submissions)
            .Where(submission => submission.Outcome is SubmissionOutcome.Accepted)
            .ToDictionary(submission => submission.UniqueRequestId, StringComparer.Ordinal);
        var unresolved = witness.Events.Values.Count(closing =>
            closing.Cost.Submissions.Any(submission => submission.Outcome is SubmissionOutcome.Unresolved)
        );
        return new()
        {
            Plan = plan,
            Commands = ids.Count,
            Duplicates = duplicates,
            Closed = ids.Count(witness.Events.ContainsKey),
            Lost = ids.Count(id => !witness.Events.ContainsKey(id)),
            ClosedTwice = witness.MessageIds.Count(closed => closed.Value.Count > 1 && !anyTimes.Contains(closed.Key)),
            ChargesWanted = ledger.Totals.ImagesAsked + ledger.Totals.Resends,
            ChargesMade = ledger.Totals.ImagesPaid,
            PaidTwice = ledger.Submissions.Count(entry => entry.TimesAccepted > 1),
            Misreported =
                charged.Keys.Except(named.Keys, StringComparer.Ordinal).Count()
                + named.Values.Count(submission =>
                    !charged.TryGetValue(submission.UniqueRequestId, out var entry) || entry.Charged != submission.Cost
                ),
            Unresolved = unresolved,
            Unreadable = 0,
            Kept = 0,
            SecretsFound = [],
            OwnFaults = [],
            Acts = saboteur.Done,
            Seconds = 0,
        };
    }

    private List<ChaosCommandBody> Commands()
    {
        var commands = new List<ChaosCommandBody>();
        for (var i = 0; i < plan.Commands; i++)
        {
            var id = NextId();
            var (isFaulty, isRepeated) = (_random.NextDouble() < 0.03, _random.NextDouble() < 0.1);
            var command = new GenerateImages
            {
                RequestId = id,
                // A prompt of its own: the simulator tells resends by it.
                Prompt = $"chaos {id}",
                Count = isFaulty ? 99 : _random.Next(1, 5),
                TimeoutSeconds = 900,
                Tenant = Tenants[i % Tenants.Length],
                Priority = Priorities[i / Tenants.Length % Priorities.Length],
            };
            var json = JsonSerializer.Serialize(command, JsonSerializerOptions.Web);
            commands.Add(new(id, json, IsUnreadable: false, isFaulty));
            if (isRepeated)
                commands.Add(new(id, json, IsUnreadable: false, isFaulty));
            if (_random.NextDouble() < 0.02)
                commands.Add(new(id, $"no JSON {i}", IsUnreadable: true));
        }
        return commands;
    }

    private Guid NextId()
    {
        var bytes = new byte[16];
        _random.NextBytes(bytes);
        return new(bytes);
    }

    private async Task PublishAsync(Witness witness, List<ChaosCommandBody> commands, CancellationToken ct)
    {
        var pause = plan.Duration / commands.Count;
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < commands.Count; i++)
        {
            if (pause * i - watch.Elapsed is { Ticks: > 0 } early)
                await Task.Delay(early, ct);
            await witness.PublishAsync(commands[i].Json, ct);
        }
    }

    private double PaceBesideOlder => 0.8 * plan.Commands / plan.Duration.TotalSeconds;

    private SimulatorOptions Options() =>
        new()
        {
            GenerationTime = GenerationTime.Uniform(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(3)),
            WaitTimeError = 1.3,
            GeneralErrorRate = 0.05,
            PolicyViolationRate = 0.02,
            Seed = plan.Seed,
        };

    /// <summary>Shorter than in production, so that recovery takes seconds; the order between them is the same.</summary>
    private Dictionary<string, string?> Settings() =>
        new(StringComparer.Ordinal)
        {
            ["Zpk__ApiKey"] = _secrets.ApiKey,
            ["Zpk__GenerateTimeout"] = "00:00:03",
            ["Zpk__SettleTime"] = "00:00:02",
            ["Zpk__CheckTimeout"] = "00:00:03",
            ["Delivery__Lease"] = "00:00:05",
            ["Requests__ResendBackoff"] = "00:00:01",
            ["Requests__CheckPatience"] = "00:00:15",
            // Slower than commands come: a version that goes finds, and leaves, requests that wait for their turns.
            ["Submission__PerSecond"] = plan.Older is null ? null : $"{PaceBesideOlder:0.###}",
        };
}

/// <summary>What is published, as it is.</summary>
public sealed record ChaosCommandBody(Guid Id, string Json, bool IsUnreadable, bool IsFaulty = false);
