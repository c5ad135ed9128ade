namespace ImageWorker.Submission;

/// <summary>The result of a claim.</summary>
public abstract record Claim
{
    private Claim() { }

    /// <summary>It is ours. Nothing was ever sent, or it provably never arrived: make the call.</summary>
    /// <param name="LeaseUntil">Until then nobody else touches it, by <see cref="Storage.WorkerContext.LeaseClockAsync"/>.</param>
    /// <param name="ClaimedAt">The monotonic counter right before. It tells how much of the lease is over.</param>
    public sealed record Fresh(DateTimeOffset LeaseUntil, long ClaimedAt) : Claim;

    /// <summary>As many calls as allowed are under way.</summary>
    public sealed record Full : Claim;

    /// <summary>As many calls of its tenant as allowed have begun: not before <paramref name="Until"/>.</summary>
    public sealed record Limited(DateTimeOffset Until) : Claim;

    /// <summary>A call may have arrived: look it up.</summary>
    /// <param name="IsConclusive">True once "not found" proves that it never arrived.</param>
    /// <param name="IsWanted">False if the call must only be looked up, and not made again.</param>
    /// <param name="LeaseUntil">The end of its lease.</param>
    public sealed record InDoubt(bool IsConclusive, bool IsWanted, DateTimeOffset LeaseUntil) : Claim
    {
        /// <summary>When "not found" becomes conclusive: then, unless the database's clock has not been watched for long enough.</summary>
        public DateTimeOffset ConclusiveAt { get; init; } = LeaseUntil;
    }

    /// <summary>Another process may have its call under way until <paramref name="Until"/>.</summary>
    public sealed record Leased(DateTimeOffset Until) : Claim;

    /// <summary>Answered before; the answer is on its way.</summary>
    public sealed record Settled : Claim;

    /// <summary>Nothing was sent, and the request no longer wants it.</summary>
    public sealed record Unwanted : Claim;
}
