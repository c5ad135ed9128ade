using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Ledger;
using ImageWorker.ZpkSimulator.Limits;

namespace ImageWorker.Benchmarks.Load;

/// <summary>Limits that were in force for a while.</summary>
public sealed record LimitSpan(DateTimeOffset BeganAt, IReadOnlyList<LimitState> Limits)
{
    public static LimitSpan Begin(ZpkSimulatorServer simulator) =>
        new(TimeProvider.System.GetUtcNow(), simulator.Limits);
}

/// <summary>What became of calls while limits were in force. It has no share where there was less than a second to measure.</summary>
/// <param name="Limits">Their words.</param>
/// <param name="From">Ten seconds after the first refusal, or after the change.</param>
/// <param name="To">The next change, or the backlog's end.</param>
/// <param name="AllowedPerSecond">By the tightest limit; null if none says so.</param>
/// <param name="TakenPerSecond">Calls that no limit refused.</param>
/// <param name="Goodput">The share of what is allowed that was used.</param>
/// <param name="Refused">The share of calls that were refused.</param>
/// <param name="SettledAfter">
/// Seconds from the first refusal, or from the change, to the first five seconds in which at least 85 % of what is
/// allowed was used and at most 5 % refused; null if there were none.
/// </param>
public sealed record SpanReport(
    string Limits,
    double? From,
    double To,
    double? AllowedPerSecond,
    double? TakenPerSecond,
    double? Goodput,
    double? Refused,
    double? SettledAfter
)
{
    private const int Grace = 10;
    private const int Steady = 5;

    /// <summary>
    /// From the first refusal or the change (<paramref name="began"/>; null if there was neither) to the next change or
    /// the backlog's end.
    /// </summary>
    public static SpanReport Of(
        LimitSpan span,
        IReadOnlyList<CallsOfSecond> seconds,
        double? began,
        double end,
        TimeSpan callTime
    )
    {
        var tightest = span.Limits.MinBy(limit => PerSecond(limit, callTime) ?? double.MaxValue);
        var allowed = tightest is null ? null : PerSecond(tightest, callTime);
        // Whole seconds alone.
        var whole = seconds
            .Where(second =>
                began is not null && second.Second >= Math.Ceiling(began.Value) && second.Second + 1 <= end
            )
            .Select(second => Count(second, tightest))
            .ToList();
        var measured = Sum(whole.Skip(Grace));
        var settled = Enumerable
            .Range(0, Math.Max(0, whole.Count - Steady + 1))
            .Where(at =>
                Sum(whole.Skip(at).Take(Steady)) is { } sum && sum.Rate >= 0.85 * allowed && sum.Refused <= 0.05
            )
            .Select(at => (double?)at)
            .FirstOrDefault();
        return new(
            string.Join(", ", span.Limits.Select(limit => limit.Limit)),
            began + Grace,
            end,
            allowed,
            measured?.Rate,
            measured?.Rate / allowed,
            measured?.Refused,
            settled
        );
    }

    public override string ToString() =>
        TakenPerSecond is null
            ? $"{Limits}: too short to measure"
            : $"{Limits}: {From:0} to {To:0} s, {TakenPerSecond:0.0} of {Show(AllowedPerSecond, "0.0")} calls/s, "
                + $"goodput {Show(Goodput, "0.0 %")}, refused {Refused:0.0 %}, settled after {Show(SettledAfter, "0 s")}";

    private static string Show(double? value, string format) => value?.ToString(format) ?? "unknown";

    /// <summary>Calls at once last as long as the benchmark lets them.</summary>
    private static double? PerSecond(LimitState limit, TimeSpan callTime) =>
        limit.PerSecond ?? (callTime > TimeSpan.Zero ? limit.AtOnce / callTime.TotalSeconds : null);

    private static (long Taken, long Refused) Count(CallsOfSecond second, LimitState? limit) =>
        (
            (limit?.Generate != false ? second.Generate : 0) + (limit?.Check != false ? second.Check : 0),
            (limit?.Generate != false ? second.GenerateLimited : 0) + (limit?.Check != false ? second.CheckLimited : 0)
        );

    private static (double Rate, double Refused)? Sum(IEnumerable<(long Taken, long Refused)> seconds)
    {
        var list = seconds.ToList();
        var (taken, refused) = (list.Sum(second => second.Taken), list.Sum(second => second.Refused));
        return list.Count == 0 ? null : ((double)taken / list.Count, (double)refused / Math.Max(1, taken + refused));
    }
}
