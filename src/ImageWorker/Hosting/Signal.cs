namespace ImageWorker.Hosting;

/// <summary>Wakes the one that waits, or else the next one that does. Any thread may set it; set twice is set once.</summary>
public sealed class Signal : IDisposable
{
    private readonly SemaphoreSlim _set = new(0, 1);

    public void Set()
    {
        lock (_set)
        {
            if (_set.CurrentCount == 0)
                _set.Release();
        }
    }

    public Task WaitAsync(CancellationToken ct) => _set.WaitAsync(ct);

    /// <summary>False if it was not set in that time.</summary>
    public Task<bool> WaitAsync(TimeSpan timeout, CancellationToken ct) => _set.WaitAsync(timeout, ct);

    public void Dispose() => _set.Dispose();
}
