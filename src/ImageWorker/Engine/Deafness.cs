namespace ImageWorker.Engine;

/// <summary>Tells a bus that does not recover by itself from one that needs a moment.</summary>
public sealed class Deafness(TimeProvider time)
{
    /// <summary>MassTransit waits up to half a minute between two tries.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private long? _since;

    /// <summary>Takes note of how it is now. True once it has been so all the time for <see cref="Patience"/>.</summary>
    /// <param name="isDeaf">The broker answers, and its queues are not consumed.</param>
    public bool Lasts(bool isDeaf)
    {
        _since = isDeaf ? _since ?? time.GetTimestamp() : null;
        return _since is { } since && time.GetElapsedTime(since) >= Patience;
    }
}
