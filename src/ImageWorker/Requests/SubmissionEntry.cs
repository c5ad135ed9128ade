namespace ImageWorker.Requests;

/// <summary>
/// A row of the submission ledger: the payment guard. It is committed before the paid call is made. A process that
/// finds it knows that the call may have been made.
/// </summary>
public sealed class SubmissionEntry
{
    /// <summary>The derived <c>unique_request_id</c>.</summary>
    public string Id { get; set; } = "";

    public Guid RequestId { get; set; }

    public LedgerState State { get; set; }

    /// <summary>The worker process that holds the submission until <see cref="LeaseUntil"/>.</summary>
    public Guid Owner { get; set; }

    /// <summary>
    /// Until this time the call may be under way, or accepted and not listed yet. Only its owner acts on it, and "not
    /// found" proves nothing.
    /// </summary>
    public DateTimeOffset LeaseUntil { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    /// <summary>
    /// How often the call was made under this id. Each repeat had proof that the last did not arrive.
    /// </summary>
    public int Calls { get; set; }

    /// <summary>When its end was noted; of a call that ended in doubt, its <see cref="LeaseUntil"/>.</summary>
    public DateTimeOffset? SettledAt { get; set; }

    /// <summary>
    /// True if no call is under way: the last one has ended in doubt, and ZPK lists it by <see cref="LeaseUntil"/> if it
    /// arrived. A later claim has another lease.
    /// </summary>
    public bool HasEndedInDoubt => State is LedgerState.Started && SettledAt == LeaseUntil;

    /// <summary>The id that ZPK answered with.</summary>
    public string? ProviderId { get; set; }

    /// <summary>EUR as first reported.</summary>
    public decimal? Cost { get; set; }
}

/// <summary>What the ledger knows of a submission.</summary>
public enum LedgerState
{
    /// <summary>The call is about to be made, is under way, or was made.</summary>
    Started,

    /// <summary>ZPK provably did nothing. The call may be made again.</summary>
    Released,

    Accepted,
    Refused,
}
