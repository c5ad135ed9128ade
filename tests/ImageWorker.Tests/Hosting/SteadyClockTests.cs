using ImageWorker.Hosting;

namespace ImageWorker.Tests.Hosting;

public sealed class SteadyClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly JumpingClock _system = new(Start);

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_jump_of_an_hour_is_followed_at_one_percent(int hours)
    {
        var clock = new SteadyClock(_system);

        _system.Jump(TimeSpan.FromHours(hours));
        var atOnce = clock.GetUtcNow();
        _system.Pass(TimeSpan.FromSeconds(100));
        var later = clock.GetUtcNow();

        Assert.Equal(Start, atOnce);
        Assert.Equal(Start + TimeSpan.FromSeconds(100 + hours), later);
    }

    [Fact]
    public void It_never_goes_back_and_arrives_in_the_end()
    {
        var clock = new SteadyClock(_system);
        _system.Jump(TimeSpan.FromHours(-1));

        var last = clock.GetUtcNow();
        for (var i = 0; i < 400; i++)
        {
            _system.Pass(TimeSpan.FromSeconds(1000));
            var now = clock.GetUtcNow();
            Assert.True(now > last);
            last = now;
        }

        Assert.Equal(_system.GetUtcNow(), last);
    }

    [Fact]
    public void Without_a_jump_it_is_the_system_clock()
    {
        var clock = new SteadyClock(_system);

        _system.Pass(TimeSpan.FromMinutes(5));

        Assert.Equal(_system.GetUtcNow(), clock.GetUtcNow());
    }

    [Fact]
    public void Another_clock_is_taken_over_at_once_and_from_then_on_the_systems_does_not_matter()
    {
        var clock = new SteadyClock(_system);
        var other = Start.AddHours(1);

        Follow(clock, other);
        _system.Jump(TimeSpan.FromHours(-5));
        _system.Pass(TimeSpan.FromSeconds(100));

        Assert.Equal(other + TimeSpan.FromSeconds(100), clock.GetUtcNow());
    }

    [Fact]
    public void A_jump_of_the_clock_that_is_followed_is_made_up_at_one_percent()
    {
        var clock = new SteadyClock(_system);
        Follow(clock, Start);

        Follow(clock, Start.AddHours(1));
        _system.Pass(TimeSpan.FromSeconds(100));

        Assert.Equal(Start + TimeSpan.FromSeconds(101), clock.GetUtcNow());
    }

    [Fact]
    public void A_slow_reading_of_the_clock_that_is_followed_neither_slows_nor_hastens_it()
    {
        var clock = new SteadyClock(_system);
        var ahead = TimeSpan.FromHours(1);
        Follow(clock, _system.GetUtcNow() + ahead);

        for (var second = 0; second < 10; second++)
        {
            // Alternately the clock is read at the beginning and at the end of what the reading took.
            var (before, early) = (_system.GetTimestamp(), _system.GetUtcNow());
            _system.Pass(TimeSpan.FromMilliseconds(200));
            var read = second % 2 == 0 ? early : _system.GetUtcNow();
            clock.Follow(read + ahead, before, _system.GetTimestamp());
            _system.Pass(TimeSpan.FromSeconds(1));

            Assert.Equal(_system.GetUtcNow() + ahead, clock.GetUtcNow());
        }
    }

    [Fact]
    public void A_drift_of_the_clock_that_is_followed_is_followed_however_slow_the_readings_are()
    {
        var clock = new SteadyClock(_system);
        Follow(clock, Start);
        var ahead = TimeSpan.Zero;

        for (var second = 0; second < 1000; second++)
        {
            var (before, read) = (_system.GetTimestamp(), _system.GetUtcNow() + ahead);
            _system.Pass(TimeSpan.FromMilliseconds(50));
            clock.Follow(read, before, _system.GetTimestamp());
            _system.Pass(TimeSpan.FromSeconds(1));
            ahead += TimeSpan.FromMilliseconds(1);
        }

        Assert.InRange(
            _system.GetUtcNow() + ahead - clock.GetUtcNow(),
            TimeSpan.FromMilliseconds(-60),
            TimeSpan.FromMilliseconds(60)
        );
    }

    private void Follow(SteadyClock clock, DateTimeOffset now) =>
        clock.Follow(now, _system.GetTimestamp(), _system.GetTimestamp());

    private sealed class JumpingClock(DateTimeOffset start) : TimeProvider
    {
        private DateTimeOffset _wall = start;
        private long _monotonic;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _monotonic;

        public override DateTimeOffset GetUtcNow() => _wall;

        public void Pass(TimeSpan span)
        {
            _wall += span;
            _monotonic += span.Ticks;
        }

        public void Jump(TimeSpan span) => _wall += span;
    }
}
