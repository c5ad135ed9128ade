using ImageWorker.Delivery;
using ImageWorker.Storage;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// Spaces the paid calls of all workers evenly, as <see cref="SubmissionOptions.PerSecond"/> says: each takes a slot of
/// its own from one row of the database. A slot that a process took and died with stays unused.
/// </summary>
public sealed class SubmissionPace
{
    private readonly IServiceScopeFactory scopes;
    private readonly PendingCalls calls;
    private readonly TimeProvider time;
    private readonly TimeSpan? interval;
    private readonly Batcher<SubmissionPace, TimeSpan> slots;

    public SubmissionPace(
        IServiceScopeFactory scopes,
        PendingCalls calls,
        IOptions<SubmissionOptions> options,
        TimeProvider time
    )
    {
        (this.scopes, this.calls, this.time) = (scopes, calls, time);
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
        await Task.Delay(wait, time, calls.Stopping);
        return true;
    }

    private async Task<IReadOnlyList<TimeSpan>> Reserve(IReadOnlyList<SubmissionPace> waiting)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WorkerContext>();
        var first = await db.ReserveSlots(waiting.Count, interval!.Value, time.GetUtcNow());
        return [.. waiting.Select((_, index) => first + interval.Value * index)];
    }
}

/// <summary>The one row that all workers take their slots from.</summary>
public sealed class PaceRow
{
    /// <summary>The id of the only row.</summary>
    public const int OnlyId = 1;

    public int Id { get; set; }

    /// <summary>When the next free slot begins, if that is still to come.</summary>
    public DateTimeOffset NextAt { get; set; }
}
