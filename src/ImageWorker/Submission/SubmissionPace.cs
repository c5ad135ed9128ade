using ImageWorker.Hosting;
using ImageWorker.Storage;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// Spaces the paid calls of all workers evenly, as <see cref="SubmissionOptions.PerSecond"/> says. Each call takes its
/// own slot from one row of the database. If a process dies, its slots stay unused.
/// </summary>
public sealed class SubmissionPace
{
    /// <summary>Calls that begin in this time are picked, and get their slots, together.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(100);

    private readonly Database _database;
    private readonly DatabaseClock _clock;
    private readonly Stopping _stopping;
    private readonly TimeProvider _time;
    private readonly TimeSpan? _interval;
    private readonly Batcher<SubmissionPace, TimeSpan> _slots;

    public SubmissionPace(
        Database database,
        DatabaseClock clock,
        Stopping stopping,
        IOptions<SubmissionOptions> options,
        TimeProvider time
    )
    {
        (_database, _clock, _stopping, _time) = (database, clock, stopping, time);
        _interval = options.Value.PerSecond is { } rate ? TimeSpan.FromSeconds(1 / rate) : null;
        // Small batches, so that other processes get slots in between.
        _slots = new(size: 8, parallel: 1, ReserveAsync);
    }

    /// <summary>True if paid calls are paced at all.</summary>
    public bool IsLimited => _interval is not null;

    /// <summary>
    /// Reserves slots for up to that many calls, no more than fit into a tenth of a second, and waits for the first.
    /// Returns their times.
    /// </summary>
    /// <exception cref="OperationCanceledException">The process stops, and begins nothing more.</exception>
    public async Task<IReadOnlyList<DateTimeOffset>> ReserveAsync(int count)
    {
        var slots = Math.Clamp((int)(Ahead / _interval!.Value), 1, count);
        var waits = await ReserveAsync([.. Enumerable.Repeat(this, slots)]);
        var now = _time.GetUtcNow();
        if (waits[0] > TimeSpan.Zero)
            await Task.Delay(waits[0], _time, _stopping.Token);
        return [.. waits.Select(wait => now + wait)];
    }

    /// <summary>Waits for this call's turn. Returns true if it had to wait.</summary>
    /// <exception cref="OperationCanceledException">The process stops, and begins nothing more.</exception>
    public async Task<bool> WaitForTurnAsync()
    {
        if (_interval is null)
            return false;
        var wait = await _slots.AddAsync(this);
        if (wait <= TimeSpan.Zero)
            return false;
        await Task.Delay(wait, _time, _stopping.Token);
        return true;
    }

    private async Task<IReadOnlyList<TimeSpan>> ReserveAsync(IReadOnlyList<SubmissionPace> waiting)
    {
        var each = _interval!.Value;
        var first = await _database.InAsync(async db =>
        {
            // Who finds that it was set back frees the slots first, whose times would not come for long.
            await _clock.ReadAsync(db);
            return await db.ReserveSlotsAsync(waiting.Count, each, _time.GetUtcNow());
        });
        return [.. waiting.Select((_, index) => first + each * index)];
    }
}
