using System.Collections.Concurrent;

namespace ImageWorker.Callbacks;

/// <summary>Lets one callback a second a submission through, whoever replays its address how often.</summary>
public sealed class CallbackThrottle(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private const int CleanUpAbove = 10_000;

    private readonly ConcurrentDictionary<string, DateTimeOffset> admitted = new(StringComparer.Ordinal);

    public bool Admits(string subject)
    {
        var now = time.GetUtcNow();
        // Of calls at the same moment one wins: the others find the time changed under them.
        var admits = admitted.TryGetValue(subject, out var last)
            ? (now - last >= Interval || now < last) && admitted.TryUpdate(subject, now, last)
            : admitted.TryAdd(subject, now);
        if (admits && admitted.Count > CleanUpAbove)
            CleanUp(now);
        return admits;
    }

    private void CleanUp(DateTimeOffset now)
    {
        foreach (var entry in admitted)
        {
            if (now - entry.Value >= Interval)
                admitted.TryRemove(entry);
        }
    }
}
