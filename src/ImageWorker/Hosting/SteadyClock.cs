namespace ImageWorker.Hosting;

/// <summary>
/// The wall clock without its jumps. It counts time by the monotonic counter, and makes up the difference to the
/// system's clock at 1 % at most. A system clock that is set forward fires no timer early and ends no lease. One that
/// is set back stalls nothing. In the end this clock follows both. Where workers share a database, its clock takes the
/// place of the system's: what one of them writes is due for all of them at the same time, however their own clocks stand.
/// </summary>
public sealed class SteadyClock(TimeProvider system) : TimeProvider
{
    private const double Slew = 0.01;

    private readonly Lock _gate = new();
    private DateTimeOffset _now = system.GetUtcNow();
    private long _counted = system.GetTimestamp();
    private (DateTimeOffset Now, long At)? _followed;

    public override long TimestampFrequency => system.TimestampFrequency;

    public override long GetTimestamp() => system.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        system.CreateTimer(callback, state, dueTime, period);

    /// <summary>
    /// Follows another clock than the system's, from its first reading on. A reading tells no more than that the clock said
    /// this at some moment while it took. So a slow one corrects only what cannot be true, and timers do not fire early
    /// because one answer was slower than the next.
    /// </summary>
    /// <param name="now">What it says.</param>
    /// <param name="before">The monotonic counter before the reading.</param>
    /// <param name="after">The monotonic counter after it.</param>
    public void Follow(DateTimeOffset now, long before, long after)
    {
        lock (_gate)
        {
            var latest = now + system.GetElapsedTime(before, after);
            // The first takes longest, to connect above all, and that is before the clock is read. Rather late than early.
            if (_followed is null)
                (_now, _counted, _followed) = (now, after, (now, after));
            var expected = TrueTime(after);
            _followed = (
                expected < now ? now
                : expected > latest ? latest
                : expected,
                after
            );
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            var timestamp = system.GetTimestamp();
            var elapsed = system.GetElapsedTime(_counted, timestamp);
            _counted = timestamp;
            _now += elapsed;

            var behind = TrueTime(timestamp) - _now;
            var most = elapsed * Slew;
            _now +=
                behind > most ? most
                : behind < -most ? -most
                : behind;
            return _now;
        }
    }

    private DateTimeOffset TrueTime(long timestamp) =>
        _followed is { } followed ? followed.Now + system.GetElapsedTime(followed.At, timestamp) : system.GetUtcNow();
}
