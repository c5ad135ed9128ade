using ImageWorker.Hosting;
using ImageWorker.Storage;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// Spaces the paid calls of all workers evenly, as <see cref="SubmissionOptions.PerSecond"/> says: each takes a slot of
/// its own from one row of the database. A slot that a process took and died with stays unused.
/// </summary>
public sealed class SubmissionPace
{
    private readonly Database database;
    private readonly Stopping stopping;
    private readonly TimeProvider time;
    private readonly TimeSpan? interval;
    private readonly Batcher<SubmissionPace, TimeSpan> slots;

    public SubmissionPace(Database database, Stopping stopping, IOptions<SubmissionOptions> options, TimeProvider time)
    {
        (this.database, this.stopping, this.time) = (database, stopping, time);
        interval = options.Value.PerSecond is { } rate ? TimeSpan.FromSeconds(1 / rate) : null;
        // Small, so that other processes get slots in between.
        slots = new(size: 8, parallel: 1, Reserve);
    }

    /// <summary>Returns when it is this call's turn; true if it had to wait for it.</summary>
    /// <exception cref="OperationCanceledException">The process stops: nothing more is to be begun.</exception>
    public async Task<bool> WaitForTurn()
    {
        if (interval is null)
            return false;
        var wait = await slots.Add(this);
        if (wait <= TimeSpan.Zero)
            return false;
        await Task.Delay(wait, time, stopping.Token);
        return true;
    }

    private async Task<IReadOnlyList<TimeSpan>> Reserve(IReadOnlyList<SubmissionPace> waiting)
    {
        var each = interval!.Value;
        var first = await database.In(db => db.ReserveSlots(waiting.Count, each, time.GetUtcNow()));
        return [.. waiting.Select((_, index) => first + each * index)];
    }
}
