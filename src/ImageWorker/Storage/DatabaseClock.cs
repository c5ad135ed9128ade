using ImageWorker.Hosting;

namespace ImageWorker.Storage;

/// <summary>
/// The database's clock, watched by this process's monotonic counter. A clock that is set forward would end every lease at
/// once. So nothing is taken over until this process has seen the clock run evenly for all of a lease: what was claimed in
/// that time was claimed by an even clock, and what was claimed before is older than a lease. Of a call that was seen to end,
/// the same holds for the time that it takes to settle.
/// </summary>
public sealed partial class DatabaseClock(TimeProvider time, ILogger<DatabaseClock> logger)
{
    /// <summary>What two readings may differ by beyond the time that they took. Less than the margin of a lease.</summary>
    internal static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Reading? _last;
    private long _evenSince;

    /// <summary>How long it has been seen to run evenly; without end where there is no such clock.</summary>
    public TimeSpan EvenFor
    {
        get
        {
            lock (_gate)
                return _last is null ? TimeSpan.MaxValue : time.GetElapsedTime(_evenSince);
        }
    }

    /// <summary>Reads it.</summary>
    /// <returns>What it says, and since when, by itself, it has been seen to run evenly.</returns>
    public async Task<(DateTimeOffset Now, DateTimeOffset EvenSince)> ReadAsync(WorkerContext db)
    {
        var before = time.GetTimestamp();
        var now = await db.LeaseClockAsync(time.GetUtcNow());
        if (!db.HasClock)
            return (now, DateTimeOffset.MinValue);
        // A slow answer could hide a jump of as long.
        var isPrompt = time.GetElapsedTime(before) < Tolerance;
        await NoteAsync(db, now, before);
        return (now, isPrompt ? now - EvenFor : now);
    }

    /// <summary>Notes what it said since the monotonic counter was at <paramref name="before"/>.</summary>
    public async Task NoteAsync(WorkerContext db, DateTimeOffset now, long before)
    {
        if (Note(now, before) < TimeSpan.Zero)
            await db.RestartPaceAsync();
    }

    /// <summary>Notes it.</summary>
    /// <returns>How far it was set forward, or back if negative; zero for neither.</returns>
    public TimeSpan Note(DateTimeOffset now, long before)
    {
        var reading = new Reading(now, before, time.GetTimestamp());
        lock (_gate)
        {
            var jump = _last is { } last ? JumpBetween(last, reading) : TimeSpan.Zero;
            var isNew = _last is null || jump != TimeSpan.Zero;
            if (isNew)
                _evenSince = reading.Before;
            if (isNew || time.GetElapsedTime(reading.Before, reading.After) < Tolerance)
                _last = reading;
            (time as SteadyClock)?.Follow(now, reading.Before, reading.After);
            if (jump != TimeSpan.Zero)
                Log.Jumped(logger, jump);
            return jump;
        }
    }

    private TimeSpan JumpBetween(Reading last, Reading next)
    {
        var passed = next.Now - last.Now;
        var least = time.GetElapsedTime(last.After, next.Before);
        var most = time.GetElapsedTime(last.Before, next.After);
        return passed > most + Tolerance ? passed - most
            : passed < least - Tolerance ? passed - least
            : TimeSpan.Zero;
    }

    /// <summary>What it said at a moment between two of the monotonic counter.</summary>
    private sealed record Reading(DateTimeOffset Now, long Before, long After);

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "The database's clock was set by {Jump}. This worker takes no call over until it has seen that clock run evenly for a lease"
        )]
        public static partial void Jumped(ILogger logger, TimeSpan jump);
    }
}
