using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.ZpkSimulator;

/// <summary>A clock whose timers run down nearly a millisecond too soon, as those of the system may.</summary>
internal sealed class HastyTime : FakeTimeProvider
{
    private static readonly TimeSpan Haste = TimeSpan.FromMilliseconds(0.9);

    public HastyTime()
        : base(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)) { }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > Haste ? dueTime - Haste : dueTime, period);
}
