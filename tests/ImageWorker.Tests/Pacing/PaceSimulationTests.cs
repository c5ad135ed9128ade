using System.Collections.Concurrent;
using ImageWorker.Pacing;
using ImageWorker.Tests.Deploy;

namespace ImageWorker.Tests.Pacing;

/// <summary>
/// The pace against every kind of limit, in virtual time. Each run says what it must reach, and the last test prints all
/// of them as the table of docs/performance.md.
/// </summary>
public sealed class PaceSimulationTests(ITestOutputHelper output)
{
    private static readonly int[] WorkerCounts = [1, 2, 4];
    private static readonly PaceLimits EightAtOnce = new(PerSecond: null, AtOnce: 8);
    private static readonly ConcurrentDictionary<string, SimulatedRun> Runs = new(StringComparer.Ordinal);

    private static readonly IReadOnlyDictionary<string, Kind> Kinds = new Dictionary<string, Kind>(
        StringComparer.Ordinal
    )
    {
        ["bucket of 50/s, burst 50"] = new(0.9, () => new Bucket { Rate = 50, Burst = 50 }),
        ["bucket of 50/s, no burst"] = new(0.85, () => new Bucket { Rate = 50, Burst = 1 }),
        ["fixed window of 50"] = new(0.9, () => new FixedWindow { Rate = 50 }),
        ["sliding window of 50"] = new(0.9, () => new SlidingWindow { Rate = 50 }),
        ["5/s"] = new(0.85, () => new SlidingWindow { Rate = 5 }),
        ["500/s"] = new(0.9, () => new SlidingWindow { Rate = 500 }),
        ["8 calls at once of 100 ms"] = new(0.7, EightCalls),
        ["the same, with `Pace:AtOnce` 8"] = new(0.95, EightCalls, EightAtOnce),
    };

    public static TheoryData<string, int, double?> Combinations { get; } =
    [
        .. from kind in Kinds.Keys
        from run in (IEnumerable<(int, double?)>)[(1, null), (2, null), (2, 1), (2, 30), (4, null)]
        select (kind, run.Item1, run.Item2),
    ];

    public static TheoryData<int> Counts { get; } = [.. WorkerCounts];

    [Theory]
    [MemberData(nameof(Combinations))]
    public void The_limit_is_found_and_kept(string kind, int workers, double? retryAfter)
    {
        var run = RunOf(kind, workers, retryAfter);

        Assert.InRange(Goodput(run), Kinds[kind].MustReach, 1.02);
        Assert.InRange(Refused(run), 0, 0.05);
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void Every_worker_gets_its_share(string kind, int workers, double? retryAfter) =>
        Assert.InRange(RunOf(kind, workers, retryAfter).LeastShare(from: 10), 0.8, 1);

    [Theory]
    [MemberData(nameof(Counts))]
    public void No_more_calls_are_under_way_than_the_ceiling(int workers) =>
        Assert.Equal(8, RunOf("the same, with `Pace:AtOnce` 8", workers, retryAfter: null).MostUnderWay);

    [Theory]
    [MemberData(nameof(Counts))]
    public void What_is_asked_of_the_database_does_not_grow_with_the_rate(int workers)
    {
        var run = RunOf("500/s", workers, retryAfter: null);

        Assert.InRange(run.Exchanges / run.Seconds, 0, 50);
        Assert.InRange(run.LongestRow, 0, 2000);
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void A_limit_that_changes_is_found_within_30_seconds(int workers)
    {
        foreach (var limit in (SimulatedLimit[])[new Bucket { Rate = 50, Burst = 50 }, new SlidingWindow { Rate = 50 }])
        {
            var run = Changing(limit, workers);

            Assert.InRange(run.SettledAfter(60, 20)!.Value, 0, 30);
            Assert.InRange(run.SettledAfter(120, 100)!.Value, 0, 30);
        }
    }

    [Theory]
    [InlineData(50, 1, 42)]
    [InlineData(50, 4, 42)]
    [InlineData(1, 1, 60)]
    [InlineData(1, 4, 60)]
    public void A_backlog_of_2000_calls_takes_little_longer_than_it_must(int burst, int workers, double seconds) =>
        Assert.InRange(Backlog(burst, workers).DoneAt, 38, seconds);

    [Theory]
    [MemberData(nameof(Counts))]
    public void Workers_that_cannot_reach_the_row_go_on_at_their_share(int workers)
    {
        var run = Locked(workers);

        Assert.InRange(run.Goodput(60, 70), 0.9, 1.02);
        Assert.InRange(run.Refused(60, 70), 0, 0.05);
        Assert.InRange(run.Goodput(70, 80), 0.9, 1.02);
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void One_request_that_is_always_refused_slows_nobody_else(int workers)
    {
        var run = new SimulatedRun(new Bucket { Rate = 50, Burst = 50 }, workers) { PoisonedAt = 60 }.Run();

        Assert.InRange(run.Goodput(60, 70), 0.95, 1.02);
        Assert.InRange(run.Goodput(70, 115), 0.95, 1.02);
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Faults_that_are_no_refusals_slow_nothing(int workers)
    {
        var run = new SimulatedRun(new Bucket { Rate = 50, Burst = 50 }, workers) { Faults = 0.1 }.Run();

        Assert.InRange(Goodput(run), 0.95, 1.02);
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Refusals_that_do_not_depend_on_the_rate_do_not_stop_the_work(int workers)
    {
        var run = RefusedAtRandom(workers);

        Assert.InRange(run.Goodput(20, 115), 0.9, 1.2);
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Though_a_few_are_refused_whatever_the_rate_it_climbs_from_a_low_one(int workers)
    {
        var run = Climbing(workers);

        Assert.InRange(run.Goodput(45, 60, rate: 100), 1, double.MaxValue);
    }

    [Theory]
    [InlineData(1, 21)]
    [InlineData(2, 11)]
    [InlineData(4, 6)]
    public void Though_a_few_are_refused_whatever_the_rate_a_backlog_takes_little_longer_than_it_must(
        int workers,
        double seconds
    ) => Assert.InRange(SlowestStart(workers), seconds, seconds + 5);

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void The_others_take_what_a_killed_worker_leaves(int workers)
    {
        var run = new SimulatedRun(new Bucket { Rate = 50, Burst = 50 }, workers) { KilledAt = 60 }.Run();

        Assert.InRange(run.Goodput(61, 70), 0.9, 1.02);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void What_a_killed_worker_held_is_free_after_half_a_minute(int workers)
    {
        var run = new SimulatedRun(EightCalls(), workers) { KilledAt = 60, Limits = EightAtOnce }.Run();

        Assert.InRange(run.Goodput(92, 115), 0.95, 1);
        Assert.Equal(8, run.MostUnderWay);
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(2, null)]
    [InlineData(2, 5.0)]
    [InlineData(4, 30.0)]
    public void While_all_is_refused_one_call_is_tried_now_and_then(int workers, double? retryAfter)
    {
        var run = new SimulatedRun(new Bucket { Rate = 50, Burst = 50 }, workers)
        {
            Outage = (60, 100),
            Seconds = 180,
            RetryAfter = Wait(retryAfter),
        }.Run();

        var tried = run.Calls.Count(call => call.At is > 64 and < 100);
        Assert.InRange(tried, 0, 1 + 36 / (retryAfter ?? 1));
        Assert.InRange(run.SettledAfter(100, 50)!.Value, 0, 10 + (retryAfter ?? 1));
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Where_no_limit_is_met_nothing_is_paced_and_next_to_nothing_is_asked(int workers)
    {
        var run = new SimulatedRun(new NoLimit { Rate = 100 }, workers) { Arrivals = 100 }.Run();

        Assert.InRange(run.Goodput(1, 115), 0.99, 1.01);
        Assert.Null(run.State.Rate);
    }

    [Fact]
    public void The_table()
    {
        var lines = new List<string>
        {
            "| limit | 1 worker | 2 workers | 4 workers | 2 workers, `Retry-After: 30` |",
            "|---|---|---|---|---|",
        };
        foreach (var kind in Kinds.Keys)
        {
            var cells = WorkerCounts.Select(count => RunOf(kind, count, null)).Append(RunOf(kind, 2, 30));
            lines.Add($"| {kind} | {string.Join(" | ", cells.Select(run => Shares(Goodput(run), Refused(run))))} |");
        }
        lines.Add(
            $"| backlog of 2,000 calls, burst 50: 40 s at best | {Row(count => $"{Backlog(50, count).DoneAt:F0} s")} | |"
        );
        lines.Add(
            $"| backlog of 2,000 calls, no burst: 40 s at best | {Row(count => $"{Backlog(1, count).DoneAt:F0} s")} | |"
        );
        lines.Add($"| 50, then 20, then 100/s: settled after | {Row(Settled)} | |");
        lines.Add(
            $"| the row cannot be reached for 10 s | {Row(count => Shares(Locked(count).Goodput(60, 70), Locked(count).Refused(60, 70)))} | |"
        );

        lines.Add(
            $"| 100/s come, 3 % refused whatever the rate | {Row(count => Shares(RefusedAtRandom(count).Goodput(20, 115), RefusedAtRandom(count).Refused(20, 115)))} | |"
        );

        lines.Add(
            $"| 25/s, then no limit but 3 % refused: calls a second 30 s later | {Row(count => $"{100 * Climbing(count).Goodput(35, 45, rate: 100):F0}")} | |"
        );

        lines.Add(
            $"| backlog of 4,500 calls of 300 ms, no limit but 3 % refused: 21, 11, 5 s at best | {Row(count => $"{SlowestStart(count):F0} s")} | |"
        );

        output.WriteLine(string.Join('\n', lines));

        var page = File.ReadAllText(DeployFiles.At("docs/performance.md"));
        Assert.All(lines, line => Assert.Contains(line[..line.IndexOf('|', 1)], page, StringComparison.Ordinal));

        static string Row(Func<int, string> cell) => string.Join(" | ", WorkerCounts.Select(cell));
        static string Shares(double used, double refused) => $"{100 * used:F0} %, {100 * refused:F1} %";
    }

    private static double Goodput(SimulatedRun run) => run.Goodput(20, 115);

    private static double Refused(SimulatedRun run) => run.Refused(run.FirstRefusal + 10, 115);

    private static SimulatedRun RunOf(string kind, int workers, double? retryAfter) =>
        Once(
            $"{kind}, {workers}, {retryAfter}",
            () =>
                new(Kinds[kind].Limit(), workers)
                {
                    RetryAfter = Wait(retryAfter),
                    Limits = Kinds[kind].Limits ?? new(PerSecond: null, AtOnce: null),
                }
        );

    private static SimulatedRun Changing(SimulatedLimit limit, int workers) =>
        Once(
            $"changing {limit.GetType().Name}, {workers}",
            () => new(limit, workers) { Seconds = 170, Changes = [(60, 20), (120, 100)] }
        );

    private static string Settled(int workers)
    {
        var run = Changing(new Bucket { Rate = 50, Burst = 50 }, workers);
        return $"{run.SettledAfter(60, 20)} s, {run.SettledAfter(120, 100)} s";
    }

    private static SimulatedRun Backlog(int burst, int workers) =>
        Once(
            $"backlog {burst}, {workers}",
            () => new(new Bucket { Rate = 50, Burst = burst }, workers) { Backlog = 2000, Seconds = 300 }
        );

    private static SimulatedRun Locked(int workers) =>
        Once($"locked, {workers}", () => new(new Bucket { Rate = 50, Burst = 50 }, workers) { RowLocked = (60, 70) });

    private static SimulatedRun RefusedAtRandom(int workers) =>
        Once(
            $"at random, {workers}",
            () => new(new NoLimit { Rate = 100 }, workers) { RefusedAtRandom = 0.03, Arrivals = 100 }
        );

    private static SimulatedRun Climbing(int workers) =>
        Once(
            $"climbing, {workers}",
            () =>
                new(new Bucket { Rate = 25, Burst = 25 }, workers)
                {
                    RefusedAtRandom = 0.03,
                    Changes = [(10, 100_000)],
                    Seconds = 60,
                }
        );

    /// <summary>Seconds for 4,500 calls of 0.3 s, 64 of each worker at once; the slowest of ten runs.</summary>
    private static double SlowestStart(int workers) =>
        Enumerable
            .Range(1, 10)
            .Max(seed =>
                Once(
                    $"start {seed}, {workers}",
                    () =>
                        new(new NoLimit { Rate = 100, CallSeconds = 0.3 }, workers, seed)
                        {
                            RefusedAtRandom = 0.03,
                            Backlog = 4500,
                        }
                ).DoneAt
            );

    private static SimulatedRun Once(string name, Func<SimulatedRun> run) => Runs.GetOrAdd(name, _ => run().Run());

    private static CallsAtOnce EightCalls() =>
        new()
        {
            Rate = 80,
            AtOnce = 8,
            CallSeconds = 0.1,
        };

    private static TimeSpan? Wait(double? seconds) => seconds is { } wait ? TimeSpan.FromSeconds(wait) : null;

    private sealed record Kind(double MustReach, Func<SimulatedLimit> Limit, PaceLimits? Limits = null);
}
