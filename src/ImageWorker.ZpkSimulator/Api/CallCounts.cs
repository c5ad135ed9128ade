namespace ImageWorker.ZpkSimulator.Api;

/// <summary>What is counted for the whole server rather than for a submission.</summary>
internal sealed class CallCounts
{
    private long generateCalls;
    private long checkCalls;
    private long refusals;
    private long unknownChecks;

    public long GenerateCalls => Interlocked.Read(ref generateCalls);
    public long CheckCalls => Interlocked.Read(ref checkCalls);
    public long Refusals => Interlocked.Read(ref refusals);
    public long UnknownChecks => Interlocked.Read(ref unknownChecks);

    public void Generate() => Interlocked.Increment(ref generateCalls);

    public void Check() => Interlocked.Increment(ref checkCalls);

    public void Refused() => Interlocked.Increment(ref refusals);

    public void CheckedUnknown() => Interlocked.Increment(ref unknownChecks);

    public void Clear()
    {
        Interlocked.Exchange(ref generateCalls, 0);
        Interlocked.Exchange(ref checkCalls, 0);
        Interlocked.Exchange(ref refusals, 0);
        Interlocked.Exchange(ref unknownChecks, 0);
    }
}
