using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations;

/// <summary>What operators set of the pace: a row of the database that every worker sees within a second.</summary>
public static class PaceSteering
{
    public const double Least = 0.1;
    public const double Most = 10_000;

    /// <summary>What a reason is, for people.</summary>
    public static string ReasonRule { get; } = $"1 to {LongestReason} characters of one line, not only spaces";

    private const int LongestReason = 200;

    public static bool IsReason(string? text) =>
        text is { Length: <= LongestReason } && !string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl);

    /// <summary>Sets a ceiling in calls a second; null takes it away.</summary>
    public static Task<int> SetCeilingAsync(WorkerContext db, double? ceiling, CancellationToken ct) =>
        db.CallPace.ExecuteUpdateAsync(row => row.SetProperty(pace => pace.Ceiling, ceiling), ct);

    /// <summary>Holds back paid calls. A pause that is there keeps its beginning.</summary>
    public static Task<int> PauseAsync(WorkerContext db, DateTimeOffset now, string reason, CancellationToken ct)
    {
        var why = ShownText.Of(reason);
        return db.CallPace.ExecuteUpdateAsync(
            row =>
                row.SetProperty(pace => pace.PausedAt, pace => pace.PausedAt ?? now)
                    .SetProperty(pace => pace.PauseReason, why),
            ct
        );
    }

    public static Task<int> ResumeAsync(WorkerContext db, CancellationToken ct) =>
        db.CallPace.ExecuteUpdateAsync(
            row =>
                row.SetProperty(pace => pace.PausedAt, (DateTimeOffset?)null)
                    .SetProperty(pace => pace.PauseReason, (string?)null),
            ct
        );
}
