namespace ImageWorker.Requests;

/// <summary>What the ledger notes of a paid call's end, in one commit with the saga's step.</summary>
/// <param name="SubmissionId">The ledger's row.</param>
/// <param name="Held">
/// The lease of the claim behind this note. The ledger refuses the note if it has another lease by then: another
/// process has taken the submission, its call may be under way, and the note may no longer be true.
/// </param>
/// <param name="State">The new state of the ledger's row.</param>
public sealed record LedgerNote(string SubmissionId, DateTimeOffset Held, LedgerState State)
{
    /// <summary>The id that ZPK answered with.</summary>
    public string? ProviderId { get; init; }

    /// <summary>EUR as reported.</summary>
    public decimal? Cost { get; init; }

    /// <summary>See <see cref="SubmissionEntry.SettledAt"/>.</summary>
    public DateTimeOffset? SettledAt { get; init; }

    /// <summary>
    /// Set while the end is unknown. From this time on, "not found" proves that the call never arrived. By the lease
    /// clock, the database's.
    /// </summary>
    public DateTimeOffset? LeaseUntil { get; init; }
}
