namespace ImageWorker.Benchmarks.Load;

/// <summary>What a load run does.</summary>
/// <param name="Requests">Commands published.</param>
/// <param name="Images">Images a command.</param>
/// <param name="GenerationTime">Of every image.</param>
/// <param name="Rate">Commands a second; 0 for all at once, before the workers start or, with a warm-up, after it.</param>
/// <param name="WarmUp">Commands published and closed before, and left out of all but the soundness.</param>
/// <param name="Workers">Worker processes.</param>
/// <param name="WaitError">ZPK's estimates are wrong by up to this factor either way; 1 for exact.</param>
/// <param name="CallTime">How long every call to ZPK takes.</param>
/// <param name="Closed">Closed requests that the database has before.</param>
/// <param name="Callbacks">Whether callbacks are asked for.</param>
/// <param name="Patience">A request that is not closed by then is lost.</param>
/// <param name="Troubles">What is in the way.</param>
/// <param name="Beside">Tenants that send a few requests beside the backlog.</param>
/// <param name="BesideTime">For how long they do.</param>
/// <param name="Calls">The file that gets the calls of each second; null for none.</param>
/// <param name="Other">Another version's <c>ImageWorker.dll</c>, of which one worker runs beside; null for none.</param>
/// <param name="Rollback">When that one stays alone, as after a rollback; null for never.</param>
/// <param name="Program">The worker's <c>ImageWorker.dll</c>; null for the one built with this program.</param>
public sealed record LoadPlan(
    int Requests,
    int Images,
    TimeSpan GenerationTime,
    double Rate,
    int WarmUp,
    int Workers,
    double WaitError,
    TimeSpan CallTime,
    int Closed,
    bool Callbacks,
    TimeSpan Patience,
    LoadTroubles Troubles,
    IReadOnlyList<BesideLoad> Beside,
    TimeSpan BesideTime,
    string? Calls,
    string? Other,
    TimeSpan? Rollback,
    string? Program
)
{
    /// <summary>Commands that ZPK gets to see.</summary>
    public int Accepted => Requests + WarmUp + BesideCount;

    /// <summary>True if the workers run before the commands come.</summary>
    public bool IsWarm => Rate > 0 || WarmUp > 0;

    /// <summary>Those of them that are sent beside the backlog.</summary>
    public int BesideCount => Beside.Sum(load => (int)(BesideTime.TotalSeconds * load.PerSecond));
}
