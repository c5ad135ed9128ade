using ImageWorker.Callbacks;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Callbacks;

public sealed class CallbackThrottleTests
{
    private readonly FakeTimeProvider time = new();
    private readonly CallbackThrottle throttle;

    public CallbackThrottleTests() => throttle = new CallbackThrottle(time);

    [Fact]
    public void The_first_is_let_through_and_the_next_once_a_second_has_passed()
    {
        var first = throttle.Admits("one");
        var atOnce = throttle.Admits("one");
        time.Advance(TimeSpan.FromMilliseconds(999));
        var early = throttle.Admits("one");
        time.Advance(TimeSpan.FromMilliseconds(1));
        var later = throttle.Admits("one");

        Assert.Equal((true, false, false, true), (first, atOnce, early, later));
    }

    [Fact]
    public void Those_turned_away_do_not_put_off_the_next()
    {
        var admitted = 0;

        for (var tenth = 0; tenth <= 50; tenth++)
        {
            admitted += throttle.Admits("one") ? 1 : 0;
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(6, admitted);
    }

    [Fact]
    public void Submissions_do_not_stand_in_each_other_s_way()
    {
        Assert.True(throttle.Admits("one"));
        Assert.True(throttle.Admits("two"));
        Assert.True(throttle.Admits("ONE"));
        Assert.False(throttle.Admits("two"));
    }

    [Fact]
    public void Of_many_at_the_same_moment_one_is_let_through()
    {
        const int Callers = 4;
        using var together = new Barrier(Callers);
        var clock = new SettableTime { Asked = () => together.SignalAndWait() };
        var busy = new CallbackThrottle(clock);

        for (var round = 0; round < 1000; round++)
        {
            var admitted = 0;
            clock.Now += TimeSpan.FromSeconds(1);
            var callers = Enumerable.Range(0, Callers).Select(_ => new Thread(Call)).ToList();
            callers.ForEach(caller => caller.Start());
            callers.ForEach(caller => caller.Join());

            void Call()
            {
                if (busy.Admits("one"))
                    Interlocked.Increment(ref admitted);
            }

            Assert.Equal(1, admitted);
        }
    }

    [Fact]
    public void A_clock_set_back_does_not_shut_anyone_out()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var clock = new SettableTime { Now = now };
        var unsteady = new CallbackThrottle(clock);

        Assert.True(unsteady.Admits("one"));
        clock.Now = now.AddHours(-1);
        Assert.True(unsteady.Admits("one"));
        Assert.False(unsteady.Admits("one"));
    }

    [Fact]
    public void Making_room_forgets_only_what_is_past()
    {
        const int Many = 10_050;
        string[] subjects = [.. Enumerable.Range(0, Many).Select(number => $"subject{number}")];

        Assert.All(subjects[..5_000], subject => Assert.True(throttle.Admits(subject)));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.All(subjects[5_000..], subject => Assert.True(throttle.Admits(subject)));

        Assert.All(subjects[5_000..], subject => Assert.False(throttle.Admits(subject)));
        Assert.All(subjects[..5_000], subject => Assert.True(throttle.Admits(subject)));
    }

    private sealed class SettableTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public Action Asked { get; init; } = () => { };

        public override DateTimeOffset GetUtcNow()
        {
            Asked();
            return Now;
        }
    }
}
