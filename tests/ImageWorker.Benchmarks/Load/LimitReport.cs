using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Ledger;

namespace ImageWorker.Benchmarks.Load;

/// <summary>How well a load kept to the simulator's limits. All times in seconds, since the first call unless named otherwise.</summary>
/// <param name="FirstRefusal">Null if no limit refused a call.</param>
/// <param name="BacklogEnd">When the last request's first submission was accepted: until then calls were waiting.</param>
/// <param name="CallsPerRequest">Refused ones too.</param>
/// <param name="RefusedInAll">Calls that a limit refused, as a share of all calls.</param>
/// <param name="OrderP95">How far requests started from the time that was theirs by the order of publishing.</param>
/// <param name="OrderMax">The same, of the worst.</param>
/// <param name="Spans">One for each change of the limits.</param>
public sealed record LimitReport(
    double? FirstRefusal,
    double? BacklogEnd,
    double CallsPerRequest,
    double RefusedInAll,
    double? OrderP95,
    double? OrderMax,
    IReadOnlyList<SpanReport> Spans
)
{
    /// <summary>Reads it off the simulator; the prompts are those of the requests, in the order of publishing.</summary>
    public static LimitReport Of(
        ZpkSimulatorServer simulator,
        IReadOnlyList<LimitSpan> spans,
        IReadOnlyList<string> prompts,
        LoadPlan plan
    )
    {
        var calls = simulator.ReadCalls();
        var first = calls.Since ?? DateTimeOffset.MinValue;
        var starts = simulator
            .ReadLedger()
            .Submissions.GroupBy(entry => entry.Prompt, StringComparer.Ordinal)
            .ToDictionary(
                entries => entries.Key,
                entries => (entries.Min(entry => entry.AcceptedAt) - first).TotalSeconds,
                StringComparer.Ordinal
            );
        var inOrder = prompts.Where(starts.ContainsKey).Select(prompt => starts[prompt]).ToList();
        double? end = inOrder.Count > 0 ? inOrder.Max() : null;
        var refusal = calls.Seconds.FirstOrDefault(second => second.GenerateLimited + second.CheckLimited > 0)?.Second;
        var astray = inOrder.Zip(inOrder.Order(), (start, due) => Math.Abs(start - due)).Order().ToList();
        var sums = (
            All: calls.Seconds.Sum(All),
            Limited: calls.Seconds.Sum(second => second.GenerateLimited + second.CheckLimited)
        );
        return new(
            refusal,
            end,
            (double)sums.All / plan.Accepted,
            sums.All == 0 ? 0 : (double)sums.Limited / sums.All,
            At(astray, 0.95),
            At(astray, 1),
            [.. spans.Select((span, at) => Report(span, at))]
        );

        SpanReport Report(LimitSpan span, int at)
        {
            // Until its first refusal a worker cannot know of a limit.
            double? from = at > 0 ? (span.BeganAt - first).TotalSeconds : refusal;
            var to = Math.Min(
                at + 1 < spans.Count ? (spans[at + 1].BeganAt - first).TotalSeconds : double.MaxValue,
                end ?? 0
            );
            return SpanReport.Of(span, calls.Seconds, from, to, plan.CallTime);
        }
    }

    /// <summary>The calls of a second, refused ones too.</summary>
    public static long All(CallsOfSecond second) =>
        second.Generate + second.Check + second.GenerateLimited + second.CheckLimited;

    private static double? At(List<double> ascending, double share) =>
        ascending.Count > 0 ? ascending[(int)(share * (ascending.Count - 1))] : null;
}
