namespace ImageWorker.Storage;

/// <summary>The one row that all workers take their slots from.</summary>
public sealed class PaceRow
{
    /// <summary>The id of the only row.</summary>
    public const int OnlyId = 1;

    public int Id { get; set; }

    /// <summary>When the next free slot begins; now, if that time is past.</summary>
    public DateTimeOffset NextAt { get; set; }
}
