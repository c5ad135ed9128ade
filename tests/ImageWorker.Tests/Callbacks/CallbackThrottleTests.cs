using System.Collections.Concurrent;
using ImageWorker.Callbacks;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Callbacks;

public sealed class CallbackThrottleTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly CallbackThrottle _throttle;

    public CallbackThrottleTests() => _throttle = new CallbackThrottle(_time);

    [Fact]
    public void The_first_has_its_turn_at_once_and_the_next_a_second_later()
    {
        var first = _throttle.NextTurn("one");
        _time.Advance(TimeSpan.FromMilliseconds(300));
        var second = _throttle.NextTurn("one");
        _time.Advance(TimeSpan.FromMilliseconds(1700));
        var third = _throttle.NextTurn("one");

        Assert.Equal((TimeSpan.Zero, TimeSpan.FromMilliseconds(700), TimeSpan.Zero), (first, second, third));
    }

    [Fact]
    public void Any_more_are_spoken_for_by_the_one_that_waits()
    {
        _throttle.NextTurn("one");
        _throttle.NextTurn("one");

        Assert.Null(_throttle.NextTurn("one"));
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Null(_throttle.NextTurn("one"));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(TimeSpan.FromSeconds(1), _throttle.NextTurn("one"));
    }

    [Fact]
    public void However_many_come_there_is_one_turn_a_second_and_the_last_is_seen_after()
    {
        var turns = new List<DateTimeOffset>();

        for (var tenth = 0; tenth <= 50; tenth++)
        {
            if (_throttle.NextTurn("one") is { } wait)
                turns.Add(_time.GetUtcNow() + wait);
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        var start = turns[0];
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], turns.Select(turn => (turn - start).TotalSeconds));
    }

    [Fact]
    public void Submissions_do_not_stand_in_each_other_s_way()
    {
        Assert.Equal(TimeSpan.Zero, _throttle.NextTurn("one"));
        Assert.Equal(TimeSpan.Zero, _throttle.NextTurn("two"));
        Assert.Equal(TimeSpan.Zero, _throttle.NextTurn("ONE"));
        Assert.NotEqual(TimeSpan.Zero, _throttle.NextTurn("two"));
    }

    [Fact]
    public void Of_many_at_the_same_moment_one_has_its_turn_and_one_waits()
    {
        const int Callers = 4;
        using var together = new Barrier(Callers);
        var clock = new SettableTime { Asked = () => together.SignalAndWait() };
        var busy = new CallbackThrottle(clock);

        for (var round = 0; round < 1000; round++)
        {
            var turns = new ConcurrentBag<TimeSpan>();
            clock.Now += TimeSpan.FromSeconds(2);
            var callers = Enumerable.Range(0, Callers).Select(_ => new Thread(Call)).ToList();
            callers.ForEach(caller => caller.Start());
            callers.ForEach(caller => caller.Join());

            void Call()
            {
                if (busy.NextTurn("one") is { } wait)
                    turns.Add(wait);
            }

            Assert.Equal([TimeSpan.Zero, TimeSpan.FromSeconds(1)], turns.Order());
        }
    }

    [Fact]
    public void A_clock_set_back_does_not_shut_anyone_out()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var clock = new SettableTime { Now = now };
        var unsteady = new CallbackThrottle(clock);

        unsteady.NextTurn("one");
        clock.Now = now.AddHours(-1);
        Assert.Equal(TimeSpan.Zero, unsteady.NextTurn("one"));
        Assert.Equal(TimeSpan.FromSeconds(1), unsteady.NextTurn("one"));
    }

    [Fact]
    public void Making_room_forgets_only_what_is_past()
    {
        const int Many = 10_050;
        string[] subjects = [.. Enumerable.Range(0, Many).Select(number => $"subject{number}")];

        Assert.All(subjects[..5_000], subject => Assert.Equal(TimeSpan.Zero, _throttle.NextTurn(subject)));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.All(subjects[5_000..], subject => Assert.Equal(TimeSpan.Zero, _throttle.NextTurn(subject)));

        Assert.All(subjects[5_000..], subject => Assert.NotEqual(TimeSpan.Zero, _throttle.NextTurn(subject)));
        Assert.All(subjects[..5_000], subject => Assert.Equal(TimeSpan.Zero, _throttle.NextTurn(subject)));
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
