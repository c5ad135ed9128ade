namespace ImageWorker.Submission;

/// <summary>What became of a claim.</summary>
public abstract record Claim
{
    private Claim() { }

    /// <summary>It is ours and nothing was ever sent, or what was sent is proven not to have arrived: make the call.</summary>
    /// <param name="LeaseUntil">Until then nobody else touches it, by <see cref="Storage.WorkerContext.LeaseClockAsync"/>.</param>
    /// <param name="ClaimedAt">This process's monotonic counter right before: how much of the lease is over is told by it.</param>
    public sealed record Fresh(DateTimeOffset LeaseUntil, long ClaimedAt) : Claim;

    /// <summary>As many calls as may be are under way.</summary>
    public sealed record Full : Claim;

    /// <summary>A call may have arrived: look it up.</summary>
    /// <param name="IsConclusive">True once "not found" proves that it never did.</param>
    /// <param name="IsWanted">False if it is only to be looked up, and not to be made again.</param>
    /// <param name="LeaseUntil">When "not found" becomes conclusive.</param>
    public sealed record InDoubt(bool IsConclusive, bool IsWanted, DateTimeOffset LeaseUntil) : Claim;

    /// <summary>Another process holds it until then.</summary>
    public sealed record Leased(DateTimeOffset Until) : Claim;

    /// <summary>Answered before; the answer is on its way.</summary>
    public sealed record Settled : Claim;

    /// <summary>Nothing was sent, and the request no longer wants it.</summary>
    public sealed record Unwanted : Claim;
}
