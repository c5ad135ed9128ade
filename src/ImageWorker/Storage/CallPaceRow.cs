namespace ImageWorker.Storage;

/// <summary>The pace of all calls to ZPK: one row that all workers share.</summary>
public sealed class CallPaceRow
{
    /// <summary>The id of the only row.</summary>
    public const int OnlyId = 1;

    public int Id { get; set; }

    /// <summary>The pace that was found, as <see cref="Pacing.PaceState"/> writes it; empty before the first refusal.</summary>
    public string State { get; set; } = "";

    /// <summary>The operator's ceiling, in calls a second; null for none.</summary>
    public double? Ceiling { get; set; }

    /// <summary>Since when an operator holds back paid calls; null while they may be made.</summary>
    public DateTimeOffset? PausedAt { get; set; }

    /// <summary>Why, in the operator's words.</summary>
    public string? PauseReason { get; set; }
}
