using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Zpk;

/// <summary>
/// A clock that sits out no pause: it moves on by it at once, and keeps its length. Timers of a day or more, the
/// deadlines that a test has put out of the way, stay pending.
/// </summary>
internal sealed class SkippingTime : FakeTimeProvider
{
    public static readonly TimeSpan Never = TimeSpan.FromDays(1);

    public List<TimeSpan> Pauses { get; } = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < TimeSpan.Zero || dueTime >= Never)
            return base.CreateTimer(callback, state, dueTime, period);
        Pauses.Add(dueTime);
        Advance(dueTime);
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
