using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Submission;

/// <summary>Ceilings for all calls to ZPK, paid and free; section <c>Pace</c>. What ZPK takes is found out without them.</summary>
public sealed class PaceOptions
{
    public const string Section = "Pace";

    /// <summary>Calls a second, over all workers. Default null, no ceiling.</summary>
    [Range(0.1, 10_000)]
    public double? PerSecond { get; set; }

    /// <summary>Calls under way at once, over all workers. Default null, no ceiling.</summary>
    [Range(1, 100_000)]
    public int? AtOnce { get; set; }
}
