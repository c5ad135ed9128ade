using ImageWorker.Engine;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Engine;

public sealed class DeafnessTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_bus_that_stays_deaf_for_two_minutes_does_not_recover()
    {
        var deafness = new Deafness(_time);

        var first = deafness.Lasts(true);
        _time.Advance(TimeSpan.FromSeconds(119));
        var soon = deafness.Lasts(true);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((false, false, true), (first, soon, deafness.Lasts(true)));
    }

    [Fact]
    public void A_bus_that_hears_in_between_or_whose_broker_is_away_has_its_two_minutes_again()
    {
        var deafness = new Deafness(_time);
        deafness.Lasts(true);
        _time.Advance(TimeSpan.FromSeconds(119));

        deafness.Lasts(false);
        _time.Advance(TimeSpan.FromSeconds(119));
        deafness.Lasts(true);
        _time.Advance(TimeSpan.FromSeconds(119));

        Assert.False(deafness.Lasts(true));
    }
}
