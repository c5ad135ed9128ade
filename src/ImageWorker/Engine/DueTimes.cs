using ImageWorker.Hosting;

namespace ImageWorker.Engine;

/// <summary>
/// Keeps in memory the timers of the requests that this process saved last, so that they fire within milliseconds and
/// cost no query. The rows have them too, in case this process dies.
/// </summary>
public sealed class DueTimes : IDisposable
{
    private readonly PriorityQueue<(Guid RequestId, int Version), long> _byTime = new();
    private readonly Dictionary<Guid, int> _versions = [];
    private readonly Signal _earlier = new();

    /// <summary>Sets the request's timer here, in place of the last one; null removes it.</summary>
    public void Set(Guid requestId, int version, DateTimeOffset? due)
    {
        lock (_byTime)
        {
            if (due is not { } at)
            {
                _versions.Remove(requestId);
                return;
            }
            _versions[requestId] = version;
            var isEarliest = !_byTime.TryPeek(out _, out var next) || at.UtcTicks < next;
            _byTime.Enqueue((requestId, version), at.UtcTicks);
            if (isEarliest)
                _earlier.Set();
        }
    }

    /// <summary>Takes one timer that came due; null if there is none.</summary>
    public (Guid RequestId, int Version)? Take(DateTimeOffset now)
    {
        lock (_byTime)
        {
            while (_byTime.TryPeek(out var timer, out var due) && due <= now.UtcTicks)
            {
                _byTime.Dequeue();
                if (!IsCurrent(timer))
                    continue;
                _versions.Remove(timer.RequestId);
                return timer;
            }
            return null;
        }
    }

    /// <summary>How long until the earliest timer comes due: 0 if it has, infinite if there is none.</summary>
    public TimeSpan WaitFrom(DateTimeOffset now)
    {
        lock (_byTime)
        {
            while (_byTime.TryPeek(out var timer, out var due))
            {
                // Delays count whole milliseconds and round down, so this rounds up: waking too early is useless. -1 ms
                // means infinite, so a late timer gets 0.
                if (IsCurrent(timer))
                    return TimeSpan.FromMilliseconds(
                        Math.Max(0, Math.Ceiling(TimeSpan.FromTicks(due - now.UtcTicks).TotalMilliseconds))
                    );
                _byTime.Dequeue();
            }
            return Timeout.InfiniteTimeSpan;
        }
    }

    /// <summary>Returns once a timer is set that is earlier than all others.</summary>
    public Task WaitForEarlierAsync(CancellationToken ct) => _earlier.WaitAsync(ct);

    public void Dispose() => _earlier.Dispose();

    private bool IsCurrent((Guid RequestId, int Version) timer) =>
        _versions.TryGetValue(timer.RequestId, out var version) && version == timer.Version;
}
