namespace ImageWorker.Hosting;

/// <summary>
/// The wall clock without its jumps: time since the start is counted by the monotonic counter, and the difference to
/// the system's clock is made up at 1 % at most. So a clock that is set forth fires no timer early and ends no lease,
/// one that is set back stalls nothing, and both are followed in the end.
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
