using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;

namespace ImageWorker.Operations.History;

/// <summary>What was closed since some day.</summary>
/// <param name="Closed">Requests closed.</param>
/// <param name="Failed">Those of them that failed; cancelled ones did not.</param>
/// <param name="Cost">EUR that ZPK reported for all of them.</param>
public sealed record ClosedSums(long Closed, long Failed, decimal Cost)
{
    /// <summary>Those of today and of this month, in UTC.</summary>
    public static async Task<(ClosedSums Today, ClosedSums Month)> ReadAsync(
        WorkerContext db,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var month = await new CostSearch(today.AddDays(1 - today.Day), ["day", "outcome"]).FindAsync(db, ct);
        return (Of(month.Where(sums => sums.Day == today)), Of(month));
    }

    private static ClosedSums Of(IEnumerable<CostSums> sums)
    {
        var all = sums.ToList();
        return new(
            all.Sum(sum => sum.Requests),
            all.Where(sum => sum.Outcome is not RequestOutcome.Ready and not nameof(FailureReason.Cancelled))
                .Sum(sum => sum.Requests),
            all.Sum(sum => sum.Cost)
        );
    }
}
