using ImageWorker.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Storage;

public sealed class DatabaseClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly DatabaseClock _clock;
    private TimeSpan _ahead;

    public DatabaseClockTests() => _clock = new(_time, NullLogger<DatabaseClock>.Instance);

    [Fact]
    public void A_clock_that_runs_as_this_process_counts_is_even_since_the_first_look()
    {
        Look(TimeSpan.Zero);
        for (var second = 0; second < 60; second++)
            Look(TimeSpan.FromSeconds(1));

        Assert.Equal(TimeSpan.FromSeconds(60), _clock.EvenFor);
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    [InlineData(2)]
    [InlineData(-2)]
    public void After_a_jump_it_must_be_watched_anew(int seconds)
    {
        Look(TimeSpan.Zero);
        Look(TimeSpan.FromSeconds(60));

        _ahead = TimeSpan.FromSeconds(seconds);
        Look(TimeSpan.FromSeconds(1));
        var atOnce = _clock.EvenFor;
        Look(TimeSpan.FromSeconds(5));

        Assert.Equal((TimeSpan.Zero, TimeSpan.FromSeconds(5)), (atOnce, _clock.EvenFor));
    }

    [Fact]
    public void A_jump_is_seen_after_answers_that_were_slow()
    {
        Look(TimeSpan.Zero);
        Look(TimeSpan.FromSeconds(1), took: TimeSpan.FromSeconds(20));
        Look(TimeSpan.FromSeconds(1), took: TimeSpan.FromSeconds(20));
        var evenFor = _clock.EvenFor;

        _ahead = TimeSpan.FromSeconds(10);
        Look(TimeSpan.FromSeconds(1));

        Assert.Equal((TimeSpan.FromSeconds(42), TimeSpan.Zero), (evenFor, _clock.EvenFor));
    }

    /// <summary>Looks after so long; the database answers at the end of what it took.</summary>
    private void Look(TimeSpan after, TimeSpan took = default)
    {
        _time.Advance(after);
        var before = _time.GetTimestamp();
        _time.Advance(took);
        _clock.Note(_time.GetUtcNow() + _ahead, before);
    }
}
