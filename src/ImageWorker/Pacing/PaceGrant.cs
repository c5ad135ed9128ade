namespace ImageWorker.Pacing;

/// <summary>What one worker may do until it asks again.</summary>
public sealed record PaceGrant
{
    /// <summary>
    /// No limit is known: calls begin as they come. Once one of them is refused, this worker begins nothing more until it
    /// has reported it, at once.
    /// </summary>
    public bool IsUnlimited { get; init; }

    /// <summary>
    /// When calls may begin, at most 100 ms ahead, and never more of them than were wanted. A slot is void 100 ms
    /// after its time, or after the grant came if that was later; and so are all slots of earlier grants in a pause.
    /// </summary>
    public IReadOnlyList<DateTimeOffset> Slots { get; init; } = [];

    /// <summary>When to ask again at the latest. Null: when there is more to do.</summary>
    public DateTimeOffset? AskAgainAt { get; init; }

    /// <summary>How many calls this worker may have under way. Null: any number.</summary>
    public int? AtOnce { get; init; }

    /// <summary>All workers pause until then. Null: there is no pause.</summary>
    public DateTimeOffset? ClosedUntil { get; init; }
}
