namespace ImageWorker.ZpkSimulator.Faults;

/// <summary>What a fault does to a call; the README's table describes each.</summary>
internal enum FaultKind
{
    Latency,
    Reset,
    Http402,
    Http429,
    Http500,
    Http502,
    Http503,
    Expired,
    Balance,
    Say,
    Truncated,
    ContentType,
    UnknownStatus,
    MissingFields,
    EmptyImages,
    UnknownRequest,
    Late,
    RepeatCharge,
    RepeatRefuse,
    RepeatSame,
}
