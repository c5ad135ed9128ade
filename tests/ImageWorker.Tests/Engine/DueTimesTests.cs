using ImageWorker.Engine;

namespace ImageWorker.Tests.Engine;

public sealed class DueTimesTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid One = Guid.NewGuid();
    private static readonly Guid Other = Guid.NewGuid();

    private readonly DueTimes _times = new();

    public void Dispose() => _times.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(-0.5)]
    [InlineData(-1)]
    [InlineData(-1.5)]
    [InlineData(-2)]
    public void A_timer_that_is_late_by_however_little_is_not_waited_for(double milliseconds)
    {
        _times.Set(One, 1, Now.AddMilliseconds(milliseconds));

        Assert.Equal(TimeSpan.Zero, _times.WaitFrom(Now));
        Assert.Equal((One, 1), _times.Take(Now));
    }

    [Fact]
    public void The_earliest_comes_first_and_none_before_its_time()
    {
        _times.Set(One, 1, Now.AddSeconds(2));
        _times.Set(Other, 1, Now.AddSeconds(1));

        Assert.Equal(TimeSpan.FromSeconds(1), _times.WaitFrom(Now));
        Assert.Null(_times.Take(Now));
        Assert.Equal((Other, 1), _times.Take(Now.AddSeconds(3)));
        Assert.Equal((One, 1), _times.Take(Now.AddSeconds(3)));
        Assert.Null(_times.Take(Now.AddSeconds(3)));
        Assert.Equal(Timeout.InfiniteTimeSpan, _times.WaitFrom(Now));
    }

    [Fact]
    public void A_timer_that_was_set_again_fires_at_its_new_time_alone()
    {
        _times.Set(One, 1, Now.AddSeconds(1));
        _times.Set(One, 2, Now.AddSeconds(5));

        Assert.Null(_times.Take(Now.AddSeconds(4)));
        Assert.Equal((One, 2), _times.Take(Now.AddSeconds(5)));
    }

    [Fact]
    public void A_closed_request_has_none()
    {
        _times.Set(One, 1, Now);
        _times.Set(One, 2, null);

        Assert.Null(_times.Take(Now));
        Assert.Equal(Timeout.InfiniteTimeSpan, _times.WaitFrom(Now));
    }
}
