using System.Collections.Concurrent;

namespace ImageWorker.Callbacks;

/// <summary>
/// Gives each submission one turn a second, however often its address is called. A callback that comes too soon waits
/// for the next turn and is not dropped: it may tell of an image that the last check did not see.
/// </summary>
public sealed class CallbackThrottle(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private const int CleanUpAbove = 10_000;

    // The last turn given to each submission, past or still to come.
    private readonly ConcurrentDictionary<string, DateTimeOffset> _turns = new(StringComparer.Ordinal);

    /// <summary>How long until the callback's turn, 0 to 1 s; null if another one waits for it already.</summary>
    public TimeSpan? NextTurn(string subject)
    {
        var now = time.GetUtcNow();
        while (_turns.TryGetValue(subject, out var last))
        {
            // A turn more than an interval off was given before the clock was set back.
            var isWaitedFor = now < last && last - now <= Interval;
            if (isWaitedFor)
                return null;
            var turn = last <= now && now - last < Interval ? last + Interval : now;
            if (_turns.TryUpdate(subject, turn, last))
                return turn - now;
        }

        if (!_turns.TryAdd(subject, now))
            return null;
        if (_turns.Count > CleanUpAbove)
            CleanUp(now);
        return TimeSpan.Zero;
    }

    private void CleanUp(DateTimeOffset now)
    {
        foreach (var entry in _turns)
        {
            if (now - entry.Value >= Interval)
                _turns.TryRemove(entry);
        }
    }
}
