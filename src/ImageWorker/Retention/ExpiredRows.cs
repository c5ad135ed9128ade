using ImageWorker.Storage;
using Microsoft.Extensions.Options;

namespace ImageWorker.Retention;

/// <summary>Removes rows that are past their retention. Each batch is one statement and one commit.</summary>
public sealed class ExpiredRows(Database database, IOptions<RetentionOptions> retention, TimeProvider time)
{
    private readonly RetentionOptions _options = retention.Value;

    /// <summary>Returns how many requests it removed, and how many ids of requests removed before.</summary>
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
