using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ImageWorker.Retention;

/// <summary>Removes rows that are past their retention. Each batch is one statement and one commit.</summary>
public sealed class ExpiredRows(Database database, IOptions<RetentionOptions> retention, TimeProvider time)
{
    private readonly RetentionOptions _options = retention.Value;

    /// <summary>Returns how many closed requests it removed, and how many ids of requests removed before.</summary>
    public async Task<(int Requests, int Known)> RemoveAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var closed = await InBatchesAsync(
            db => db.RemoveClosedAsync(now - _options.Requests, now, _options.Batch, ct),
            ct
        );
        var known = await InBatchesAsync(db => db.RemoveKnownAsync(now - _options.Inbox, _options.Batch, ct), ct);
        return (closed, known);
    }

    /// <summary>
    /// Removes sums of costs that are past their retention, and gathers those of days that are over. Returns how many rows
    /// it removed, and how many it gathered.
    /// </summary>
    public async Task<(int Removed, int Settled)> RemoveCostsAsync(CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var expired = today.AddDays(-_options.Costs.Days);
        // A step that closed a request at midnight may still be saved.
        var over = today.AddDays(-1);
        var removed = await InBatchesAsync(db => db.RemoveCostsAsync(expired, _options.Batch, ct), ct);
        return (removed, await InBatchesAsync(db => db.SettleCostsAsync(over, _options.Batch, ct), ct));
    }

    /// <summary>Returns how many lines of the audit it removed.</summary>
    public Task<int> RemoveAuditAsync(CancellationToken ct)
    {
        var before = time.GetUtcNow() - _options.Audit;
        // Few lines a day: two replicas that remove the same ones do not wait long for each other.
        return InBatchesAsync(
            db =>
                db.Audit.Where(line =>
                        db.Audit.Where(old => old.At < before)
                            .OrderBy(old => old.At)
                            .Take(_options.Batch)
                            .Select(old => old.Id)
                            .Contains(line.Id)
                    )
                    .ExecuteDeleteAsync(ct),
            ct
        );
    }

    /// <summary>
    /// Returns how many cancellations it removed whose command has not come. Anybody can send cancellations of requests
    /// that never were, so there is a limit to them, and the oldest go first.
    /// </summary>
    public async Task<int> RemoveCancellationsAsync(CancellationToken ct)
    {
        var expired = time.GetUtcNow() - _options.Cancellations;
        var oldest = await database.InAsync(db => OldestWithinLimitAsync(db, ct));
        var before = oldest > expired ? oldest.Value : expired;
        return await InBatchesAsync(db => db.RemoveWithdrawnAsync(before, _options.Batch, ct), ct);
    }

    /// <summary>When the oldest cancellation within the limit came; null if there are fewer.</summary>
    private Task<DateTimeOffset?> OldestWithinLimitAsync(WorkerContext db, CancellationToken ct) =>
        db
            .Withdrawn.OrderByDescending(request => request.RequestedAt)
            .Skip(_options.CancellationLimit - 1)
            .Select(request => (DateTimeOffset?)request.RequestedAt)
            .FirstOrDefaultAsync(ct);

    private async Task<int> InBatchesAsync(Func<WorkerContext, Task<int>> removeBatch, CancellationToken ct)
    {
        var all = 0;
        while (true)
        {
            var removed = await database.InAsync(removeBatch);
            all += removed;
            if (removed < _options.Batch)
                return all;
            await Task.Delay(_options.Pause, time, ct);
        }
    }
}
