using System.Globalization;
using ImageWorker.ZpkSimulator;

namespace ImageWorker.Benchmarks.Load;

/// <summary>What is in the way of a load. Times count from the first call.</summary>
/// <param name="Limits">The simulator's limits from the start.</param>
/// <param name="Changes">What takes their place later.</param>
/// <param name="Faults">The simulator's faults from the start.</param>
/// <param name="Kill">When one worker gets <c>kill -9</c> and is started again; null for never.</param>
/// <param name="Outages">What is away for a while.</param>
public sealed record LoadTroubles(
    IReadOnlyList<string> Limits,
    IReadOnlyList<LimitChange> Changes,
    IReadOnlyList<string> Faults,
    TimeSpan? Kill,
    IReadOnlyList<Outage> Outages
)
{
    /// <summary>Whether the broker is away for a while.</summary>
    public bool StopsBroker => Outages.Any(outage => outage.What == Outage.Broker);

    public bool HasLimits => Limits.Count > 0 || Changes.Count > 0;

    /// <summary>Tries all words on the simulator, so that a wrong one does not come up in mid-run.</summary>
    /// <exception cref="FormatException">Names the wrong word.</exception>
    public void Check(ZpkSimulatorServer simulator)
    {
        simulator.SetFaults(Faults);
        foreach (var limits in Changes.Select(change => change.Limits).Append(Limits))
            simulator.SetLimits(limits);
        simulator.SetFaults();
        simulator.SetLimits();
    }

    /// <summary>Does what is to be done later, and notes each limit; ends with the last of it, or when cancelled.</summary>
    /// <returns>What was away, and when, in seconds since the first call.</returns>
    public async Task<IReadOnlyList<(string What, double From, double To)>> RunAsync(
        ZpkSimulatorServer simulator,
        BenchmarkServers servers,
        WorkerFleet workers,
        List<LimitSpan> spans,
        CancellationToken ct
    )
    {
        var outages = new List<(string What, double From, double To)>();
        var begun = DateTimeOffset.MinValue;
        var acts = Changes
            .Select(change => (change.At, Act: (Func<Task>)(() => ChangeAsync(change))))
            .Concat(Kill is { } kill ? [(kill, () => workers.KillOneAsync(Random.Shared, CancellationToken.None))] : [])
            .Concat(Outages.Select(outage => (outage.At, Act: (Func<Task>)(() => GoAwayAsync(outage)))))
            .OrderBy(act => act.At);
        try
        {
            // A start takes as long as the machine likes. A warm-up's calls came before.
            while (simulator.ReadCalls().Since is null)
                await Task.Delay(20, ct);
            DateTimeOffset[] moments = [simulator.ReadCalls().Since!.Value, spans[0].BeganAt];
            begun = moments.Max();
            foreach (var (at, act) in acts)
            {
                if (begun + at - TimeProvider.System.GetUtcNow() is { Ticks: > 0 } early)
                    await Task.Delay(early, ct);
                await act();
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Everything is closed: what would come later has nothing to disturb.
        }
        return outages;

        Task ChangeAsync(LimitChange change)
        {
            simulator.SetLimits(change.Limits);
            spans.Add(LimitSpan.Begin(simulator));
            return Task.CompletedTask;
        }

        async Task GoAwayAsync(Outage outage)
        {
            var from = (TimeProvider.System.GetUtcNow() - begun).TotalSeconds;
            var (count, faults) = (workers.Count, simulator.Faults.Select(state => state.Fault).ToList());
            await (
                outage.What switch
                {
                    Outage.Api => SayAsync([.. faults, "http-503 always"]),
                    Outage.Workers => workers.KillAllAsync(),
                    Outage.Database => servers.Postgres.StopAsync(),
                    _ => servers.RabbitMq.StopAsync(),
                }
            );
            try
            {
                await Task.Delay(outage.Time, ct);
            }
            finally
            {
                await (
                    outage.What switch
                    {
                        Outage.Api => SayAsync(faults),
                        Outage.Workers => workers.StartAsync(count, CancellationToken.None),
                        Outage.Database => servers.Postgres.StartAsync(),
                        _ => servers.RabbitMq.StartAsync(),
                    }
                );
                outages.Add((outage.What, from, (TimeProvider.System.GetUtcNow() - begun).TotalSeconds));
            }
        }

        Task SayAsync(IReadOnlyList<string> faults)
        {
            simulator.SetFaults(faults);
            return Task.CompletedTask;
        }
    }
}

/// <summary>Limits that replace those in force.</summary>
public sealed record LimitChange(TimeSpan At, IReadOnlyList<string> Limits)
{
    /// <summary>Reads <c>20s: bucket 20/s burst 20, at-once 8</c>; nothing after the colon lifts all limits.</summary>
    /// <exception cref="FormatException">It has no time.</exception>
    public static LimitChange Parse(string text) =>
        text.Split(':', 2) is [[.. var seconds, 's'], var limits]
        && double.TryParse(seconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var at)
            ? new(
                TimeSpan.FromSeconds(at),
                limits.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            )
            : throw new FormatException($"'{text}' is not of the form '20s: bucket 20/s burst 20'.");
}
