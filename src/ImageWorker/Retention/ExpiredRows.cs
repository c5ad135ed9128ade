using ImageWorker.Storage;
using Microsoft.Extensions.Options;

namespace ImageWorker.Retention;

/// <summary>Removes what is older than its retention, batch by batch, each a statement and a commit of its own.</summary>
public sealed class ExpiredRows(Database database, IOptions<RetentionOptions> retention, TimeProvider time)
{
    private readonly RetentionOptions _options = retention.Value;

    /// <summary>Removes all there is; returns how many requests, and how many ids of removed ones.</summary>
    public async Task<(int Requests, int Known)> RemoveAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var closed = await InBatchesAsync(
            db => db.RemoveClosedAsync(now - _options.Requests, now, _options.Batch, ct),
            ct
        );
        var withdrawn = await InBatchesAsync(
            db => db.RemoveWithdrawnAsync(now - _options.Requests, _options.Batch, ct),
            ct
        );
        var known = await InBatchesAsync(db => db.RemoveKnownAsync(now - _options.Inbox, _options.Batch, ct), ct);
        return (closed + withdrawn, known);
    }

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
