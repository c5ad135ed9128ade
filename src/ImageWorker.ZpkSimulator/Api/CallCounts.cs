namespace ImageWorker.ZpkSimulator.Api;

/// <summary>What is counted for the whole server rather than for a submission.</summary>
internal sealed class CallCounts
{
    private long _generateCalls;
    private long _checkCalls;
    private long _refusals;
    private long _unknownChecks;

    public long GenerateCalls => Interlocked.Read(ref _generateCalls);
    public long CheckCalls => Interlocked.Read(ref _checkCalls);
    public long Refusals => Interlocked.Read(ref _refusals);
    public long UnknownChecks => Interlocked.Read(ref _unknownChecks);

    public void Generate() => Interlocked.Increment(ref _generateCalls);

    public void Check() => Interlocked.Increment(ref _checkCalls);

    public void Refused() => Interlocked.Increment(ref _refusals);

    public void CheckedUnknown() => Interlocked.Increment(ref _unknownChecks);

    public void Clear()
    {
        Interlocked.Exchange(ref _generateCalls, 0);
        Interlocked.Exchange(ref _checkCalls, 0);
        Interlocked.Exchange(ref _refusals, 0);
        Interlocked.Exchange(ref _unknownChecks, 0);
    }
}
