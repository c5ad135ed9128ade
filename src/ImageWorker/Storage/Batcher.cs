using System.Diagnostics;

namespace ImageWorker.Storage;

/// <summary>
/// Does many small things together. Items that come while a batch is under way make up the next batch. No item waits
/// for others, so a single item is as fast as without.
/// </summary>
/// <param name="size">The most items in a batch.</param>
/// <param name="parallel">The most batches under way at once.</param>
/// <param name="work">
/// Does one batch: a result for each item, in order. If it throws, every item gets the exception.
/// </param>
public sealed class Batcher<TItem, TResult>(
    int size,
    int parallel,
    Func<IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> work
)
{
    private readonly Queue<(TItem Item, TaskCompletionSource<TResult> Done)> _waiting = new();
    private int _running;

    public Task<TResult> AddAsync(TItem item)
    {
        var done = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_waiting)
        {
            _waiting.Enqueue((item, done));
            if (_running == parallel)
                return done.Task;
            _running++;
        }
        _ = RunAsync();
        return done.Task;
    }

    private async Task RunAsync()
    {
        // Items that come at the same moment get in.
        await Task.Yield();
        // A batch serves many requests. It must not join the trace of the one that began it.
        if (Activity.Current is not null)
            Activity.Current = null;
        while (Take() is { Count: > 0 } batch)
        {
            try
            {
                var results = await work([.. batch.Select(entry => entry.Item)]);
                for (var i = 0; i < batch.Count; i++)
                    batch[i].Done.SetResult(results[i]);
            }
            catch (Exception exception)
            {
                foreach (var (_, done) in batch)
                    done.TrySetException(exception);
            }
        }
    }

    /// <summary>Takes the next batch; empty if nothing is left, and this run ends.</summary>
    private List<(TItem Item, TaskCompletionSource<TResult> Done)> Take()
    {
        lock (_waiting)
        {
            var batch = new List<(TItem, TaskCompletionSource<TResult>)>(Math.Min(size, _waiting.Count));
            while (batch.Count < size && _waiting.TryDequeue(out var entry))
                batch.Add(entry);
            if (batch.Count == 0)
                _running--;
            return batch;
        }
    }
}
