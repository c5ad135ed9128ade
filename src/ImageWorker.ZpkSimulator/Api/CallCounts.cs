namespace ImageWorker.ZpkSimulator.Api;

/// <summary>What became of calls, counted for the whole server rather than for a submission.</summary>
internal sealed class CallCounts
{
    private long _refusals;
    private long _unknownChecks;

    public long Refusals => Interlocked.Read(ref _refusals);
    public long UnknownChecks => Interlocked.Read(ref _unknownChecks);

    public void Refused() => Interlocked.Increment(ref _refusals);

    public void CheckedUnknown() => Interlocked.Increment(ref _unknownChecks);

    public void Clear()
    {
        Interlocked.Exchange(ref _refusals, 0);
        Interlocked.Exchange(ref _unknownChecks, 0);
    }
}
