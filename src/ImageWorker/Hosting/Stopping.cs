namespace ImageWorker.Hosting;

/// <summary>
/// Says when this process begins nothing more. Calls under way are finished. A call that only waits for its turn is
/// left to its request's timer.
/// </summary>
public sealed class Stopping : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    /// <summary>Cancelled once this process begins nothing more.</summary>
    public CancellationToken Token => _source.Token;

    public void Begin() => _source.Cancel();

    public void Dispose() => _source.Dispose();
}
