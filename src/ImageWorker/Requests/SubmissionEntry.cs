namespace ImageWorker.Requests;

/// <summary>
/// A row of the submission ledger, committed before the paid call is made: the payment guard. Whoever finds it knows
/// that the call may have been made.
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
    /// Until then the call may be under way, or accepted without being visible yet: only its owner acts on it, and
    /// "not found" proves nothing.
    /// </summary>
    public DateTimeOffset LeaseUntil { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    /// <summary>How many times the call was made under this id, each after proof that the one before did not arrive.</summary>
    public int Calls { get; set; }

    public DateTimeOffset? SettledAt { get; set; }

    /// <summary>The id that ZPK answered with.</summary>
    public string? ProviderId { get; set; }

    /// <summary>EUR as first reported.</summary>
    public decimal? Cost { get; set; }
}

/// <summary>What is known of a submission.</summary>
public enum LedgerState
{
    /// <summary>The call is made, was made, or is about to be.</summary>
    Started,

    /// <summary>Proven that nothing was done; may be started again.</summary>
    Released,

    Accepted,
    Refused,
}
