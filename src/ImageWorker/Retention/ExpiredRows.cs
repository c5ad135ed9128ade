using ImageWorker.Storage;
using Microsoft.Extensions.Options;

namespace ImageWorker.Retention;

/// <summary>Removes what is older than its retention, batch by batch, each a statement and a commit of its own.</summary>
public sealed class ExpiredRows(Database database, IOptions<RetentionOptions> retention, TimeProvider time)
{
    private readonly RetentionOptions options = retention.Value;

    /// <summary>Removes all there is; returns how many requests, and how many ids of removed ones.</summary>
    public async Task<(int Requests, int Known)> Remove(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var closed = await InBatches(db => db.RemoveClosed(now - options.Requests, now, options.Batch, ct), ct);
        var withdrawn = await InBatches(db => db.RemoveWithdrawn(now - options.Requests, options.Batch, ct), ct);
        var known = await InBatches(db => db.RemoveKnown(now - options.Inbox, options.Batch, ct), ct);
        return (closed + withdrawn, known);
    }

    private async Task<int> InBatches(Func<WorkerContext, Task<int>> removeBatch, CancellationToken ct)
    {
        var all = 0;
        while (true)
        {
            var removed = await database.In(removeBatch);
            all += removed;
            if (removed < options.Batch)
                return all;
            await Task.Delay(options.Pause, time, ct);
        }
    }
}
