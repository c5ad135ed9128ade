using ImageWorker.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Hosting;

public sealed class FoldedTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly List<(string First, int Count)> _told = [];
    private readonly Folded _folded;

    public FoldedTests() => _folded = new(_time, Pause, (first, count) => _told.Add((first, count)));

    [Fact]
    public void The_first_is_told_at_once_and_those_that_follow_together_after_the_pause()
    {
        foreach (var one in (string[])["a", "b", "c"])
            _folded.Add(one);
        Assert.Equal([("a", 1)], _told);

        _time.Advance(Pause);

        Assert.Equal([("a", 1), ("b", 2)], _told);
    }

    [Fact]
    public void There_is_a_pause_after_each_telling()
    {
        _folded.Add("a");
        _folded.Add("b");
        _time.Advance(Pause);

        _folded.Add("c");

        Assert.Equal([("a", 1), ("b", 1)], _told);
        _time.Advance(Pause);
        Assert.Equal([("a", 1), ("b", 1), ("c", 1)], _told);
    }

    [Fact]
    public void One_that_comes_after_a_quiet_pause_is_told_at_once()
    {
        _folded.Add("a");
        _time.Advance(Pause);

        _folded.Add("b");

        Assert.Equal([("a", 1), ("b", 1)], _told);
    }
}
