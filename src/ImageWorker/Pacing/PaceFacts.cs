namespace ImageWorker.Pacing;

/// <summary>What operators see of the pace.</summary>
/// <param name="Rate">The calls a second that were found to pass; a ceiling may be lower. Null: no limit is known.</param>
/// <param name="RefusedInSecond">Share of the last second's calls that were refused.</param>
/// <param name="RefusedInMinute">Share of the last minute's calls, or so, that were refused.</param>
/// <param name="Workers">Workers seen in the last 30 s.</param>
/// <param name="UnderWay">Calls under way, as reported.</param>
/// <param name="Wanted">Calls that wait for a slot, as reported.</param>
/// <param name="ClosedUntil">The end of the present pause. Null: there is none.</param>
public sealed record PaceFacts(
    double? Rate,
    double RefusedInSecond,
    double RefusedInMinute,
    int Workers,
    int UnderWay,
    int Wanted,
    DateTimeOffset? ClosedUntil
)
{
    /// <summary>Most calls pass, so a request that is refused again and again is refused for a reason of its own.</summary>
    public bool OthersPass => RefusedInSecond < 0.5;
}
