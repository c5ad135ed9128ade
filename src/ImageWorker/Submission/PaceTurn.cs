namespace ImageWorker.Submission;

/// <summary>One call's turn, from its beginning to its end.</summary>
public sealed class PaceTurn(CallPace pace, DateTimeOffset begunAt) : IDisposable
{
    private bool _hasEnded;

    public DateTimeOffset BegunAt => begunAt;

    /// <summary>ZPK refused the call with 429. The pace is told unless it is this call alone that is refused.</summary>
    public void Refused(TimeSpan? retryAfter, bool isTold = true) => End(isRefused: true, isTold, retryAfter);

    public void Dispose() => End(isRefused: false, isTold: true, null);

    private void End(bool isRefused, bool isTold, TimeSpan? retryAfter)
    {
        if (_hasEnded)
            return;
        _hasEnded = true;
        pace.End(this, isRefused, isTold, retryAfter);
    }
}
