namespace ImageWorker.Tests.Pacing;

/// <summary>What an API allows. Times are seconds since the start of the run.</summary>
internal abstract class SimulatedLimit
{
    /// <summary>Calls a second that a perfect client gets.</summary>
    public required double Rate { get; set; }

    /// <summary>How long a call takes that is not refused, by half more or less.</summary>
    public double CallSeconds { get; init; } = 0.05;

    public int UnderWay { get; set; }

    public abstract bool Takes(double now);
}

internal sealed class NoLimit : SimulatedLimit
{
    public override bool Takes(double now) => true;
}

internal sealed class Bucket : SimulatedLimit
{
    private double _tokens;
    private double _filledAt;

    public required double Burst { get; init; }

    public override bool Takes(double now)
    {
        _tokens = _filledAt == 0 ? Burst : Math.Min(Burst, _tokens + (now - _filledAt) * Rate);
        _filledAt = now;
        if (_tokens < 1)
            return false;
        _tokens--;
        return true;
    }
}

internal sealed class FixedWindow : SimulatedLimit
{
    private double _second;
    private int _taken;

    public override bool Takes(double now)
    {
        if (Math.Floor(now) != _second)
            (_second, _taken) = (Math.Floor(now), 0);
        return ++_taken <= Rate;
    }
}

internal sealed class SlidingWindow : SimulatedLimit
{
    private readonly Queue<double> _taken = [];

    public override bool Takes(double now)
    {
        while (_taken.TryPeek(out var first) && now - first >= 1)
            _taken.Dequeue();
        if (_taken.Count >= Rate)
            return false;
        _taken.Enqueue(now);
        return true;
    }
}

internal sealed class CallsAtOnce : SimulatedLimit
{
    public required int AtOnce { get; init; }

    public override bool Takes(double now) => UnderWay < AtOnce;
}
