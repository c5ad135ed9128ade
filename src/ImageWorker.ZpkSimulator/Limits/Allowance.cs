namespace ImageWorker.ZpkSimulator.Limits;

/// <summary>
/// What one limit lets through. The caller holds a lock, and asks with a time that never goes back. Refused calls use
/// nothing up. The framework's own limiters have neither a clock that a test can turn nor a bucket that fills steadily.
/// </summary>
internal abstract class Allowance
{
    public abstract bool Allows(TimeSpan now);

    public abstract void Take(TimeSpan now);

    /// <summary>A call that was let through has ended.</summary>
    public virtual void Release() { }
}

/// <summary>Room for <paramref name="burst"/> calls, which comes back one by one. It is free at first.</summary>
internal sealed class BucketAllowance(TimeSpan perCall, int burst) : Allowance
{
    private TimeSpan _freeAt;

    public override bool Allows(TimeSpan now) => _freeAt - now <= perCall * (burst - 1);

    public override void Take(TimeSpan now) => _freeAt = (_freeAt > now ? _freeAt : now) + perCall;
}

/// <summary>So many calls in each period; the first begins with the first call.</summary>
internal sealed class WindowAllowance(int calls, TimeSpan period) : Allowance
{
    private TimeSpan? _start;
    private int _taken;

    public override bool Allows(TimeSpan now)
    {
        _start ??= now;
        if (now - _start >= period)
            (_start, _taken) = (now - TimeSpan.FromTicks((now - _start.Value).Ticks % period.Ticks), 0);
        return _taken < calls;
    }

    public override void Take(TimeSpan now) => _taken++;
}

/// <summary>So many calls in any period, wherever it begins.</summary>
internal sealed class SlidingAllowance(int calls, TimeSpan period) : Allowance
{
    private readonly Queue<TimeSpan> _taken = new();

    public override bool Allows(TimeSpan now)
    {
        while (_taken.TryPeek(out var oldest) && now - oldest >= period)
            _taken.Dequeue();
        return _taken.Count < calls;
    }

    public override void Take(TimeSpan now) => _taken.Enqueue(now);
}

/// <summary>So many calls under way at a time.</summary>
internal sealed class AtOnceAllowance(int calls) : Allowance
{
    private int _underWay;

    public override bool Allows(TimeSpan now) => _underWay < calls;

    public override void Take(TimeSpan now) => _underWay++;

    public override void Release() => _underWay--;
}
