namespace ImageWorker.Hosting;

/// <summary>
/// The wall clock without its jumps. It counts time by the monotonic counter, and makes up the difference to the
/// system's clock at 1 % at most. A system clock that is set forward fires no timer early and ends no lease. One that
/// is set back stalls nothing. In the end this clock follows both.
/// </summary>
public sealed class SteadyClock(TimeProvider system) : TimeProvider
{
    private const double Slew = 0.01;

    private readonly Lock _gate = new();
    private DateTimeOffset _now = system.GetUtcNow();
    private long _counted = system.GetTimestamp();

    public override long TimestampFrequency => system.TimestampFrequency;

    public override long GetTimestamp() => system.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        system.CreateTimer(callback, state, dueTime, period);

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            var timestamp = system.GetTimestamp();
            var elapsed = system.GetElapsedTime(_counted, timestamp);
            _counted = timestamp;
            _now += elapsed;

            var behind = system.GetUtcNow() - _now;
            var most = elapsed * Slew;
            _now +=
                behind > most ? most
                : behind < -most ? -most
                : behind;
            return _now;
        }
    }
}
