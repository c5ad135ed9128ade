namespace ImageWorker.Requests;

/// <summary>How a paid call ended, as the ledger is to note it: saved together with what the saga makes of the same answer.</summary>
/// <param name="SubmissionId">The ledger's row.</param>
/// <param name="Held">
/// The lease that the claim had which this was found out under. The note is refused once the ledger has another one:
/// somebody else took the submission since, may be in the middle of its call, and what was true before is not now.
/// </param>
/// <param name="State">What is known now.</param>
public sealed record LedgerNote(string SubmissionId, DateTimeOffset Held, LedgerState State)
{
    /// <summary>The id that ZPK answered with.</summary>
    public string? ProviderId { get; init; }

    /// <summary>EUR as reported.</summary>
    public decimal? Cost { get; init; }

    /// <summary>Null while the end is unknown.</summary>
    public DateTimeOffset? SettledAt { get; init; }

    /// <summary>
    /// While the end is unknown: from then on, "not found" proves that the call never arrived. By the clock that leases
    /// are told by.
    /// </summary>
    public DateTimeOffset? LeaseUntil { get; init; }
}
