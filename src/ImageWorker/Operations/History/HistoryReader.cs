using System.Collections.Concurrent;
using System.Text.Json;
using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations.History;

/// <summary>Reads the history of all workers. However many look, a span is read once in five seconds.</summary>
public sealed class HistoryReader(Database database, TimeProvider time)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<HistorySpan, (DateTimeOffset At, Task<HistoryAnswer> Answer)> _read = new();

    /// <summary>The last hour, day or month, a point a step, those without anything included.</summary>
    public Task<HistoryAnswer> ReadAsync(HistorySpan span)
    {
        var now = time.GetUtcNow();
        return _read
            .AddOrUpdate(
                span,
                _ => (now, ReadAsync(span, now)),
                (_, last) => now - last.At < Freshness && !last.Answer.IsFaulted ? last : (now, ReadAsync(span, now))
            )
            .Answer;
    }

    private Task<HistoryAnswer> ReadAsync(HistorySpan span, DateTimeOffset now) =>
        database.InAsync(async db =>
        {
            var first = span.FirstOf(now);
            var rows = await db.History.AsNoTracking().Where(row => row.Span == span && row.At >= first).ToListAsync();
            var counts = Enumerable
                .Range(0, span.Count())
                .ToDictionary(index => first + (span.Step() * index), _ => new HistoryCounts());
            foreach (var row in rows)
            {
                if (counts.TryGetValue(row.At, out var step))
                    step.Add(JsonSerializer.Deserialize(row.Counts, StoredJson.Default.HistoryCounts)!);
            }
            return new HistoryAnswer(
                span,
                (int)span.Step().TotalSeconds,
                [.. counts.OrderBy(step => step.Key).Select(step => HistoryPoint.Of(step.Key, step.Value))]
            );
        });
}

/// <summary>What plots show.</summary>
/// <param name="Span">How far it looks back.</param>
/// <param name="StepSeconds">The time from one point to the next.</param>
/// <param name="Points">The oldest first.</param>
public sealed record HistoryAnswer(HistorySpan Span, int StepSeconds, IReadOnlyList<HistoryPoint> Points);

/// <summary>What happened in one step of time, in all workers.</summary>
/// <param name="At">Its beginning.</param>
/// <param name="Closed">Requests closed, by outcome.</param>
/// <param name="CostByModel">EUR that ZPK reported for them, by model, rounded to a millionth.</param>
/// <param name="CostByTenant">The same by tenant, where the settings name tenants.</param>
/// <param name="P50Seconds">Half of them took this long at most, from command to closing; null for none.</param>
/// <param name="P95Seconds">The same for 95 of 100.</param>
/// <param name="Errors">Calls to ZPK that went wrong, by the call and its outcome.</param>
/// <param name="Calls">Calls to ZPK.</param>
/// <param name="Refused">Calls that it refused with 429.</param>
/// <param name="Rate">Calls a second that were kept to; null while no limit was known.</param>
public sealed record HistoryPoint(
    DateTimeOffset At,
    IReadOnlyDictionary<string, long> Closed,
    IReadOnlyDictionary<string, decimal> CostByModel,
    IReadOnlyDictionary<string, decimal> CostByTenant,
    double? P50Seconds,
    double? P95Seconds,
    IReadOnlyDictionary<string, long> Errors,
    long Calls,
    long Refused,
    double? Rate
)
{
    public static HistoryPoint Of(DateTimeOffset at, HistoryCounts counts) =>
        new(
            at,
            counts.Closed,
            Rounded(counts.CostByModel),
            Rounded(counts.CostByTenant),
            counts.Percentile(0.5),
            counts.Percentile(0.95),
            counts.Errors,
            counts.Calls,
            counts.Refused,
            counts.Rate > 0 ? counts.Rate : null
        );

    private static Dictionary<string, decimal> Rounded(Dictionary<string, double> costs) =>
        costs.ToDictionary(cost => cost.Key, cost => Math.Round((decimal)cost.Value, 6), StringComparer.Ordinal);
}
