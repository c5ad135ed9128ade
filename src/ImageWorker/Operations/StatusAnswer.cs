using ImageWorker.Operations.History;
using ImageWorker.Requests;

namespace ImageWorker.Operations;

/// <summary>How the worker stands, as <c>GET /api/status</c> and <c>GET /api/events</c> tell it.</summary>
/// <param name="HoldsUp">What holds the work up, in one sentence; null for nothing.</param>
/// <param name="Health">What the worker depends on.</param>
/// <param name="Open">Requests in flight, by state; null while the database cannot be read.</param>
/// <param name="InFlight">The sum of them.</param>
/// <param name="Waiting">Those of them that wait for their first turns, by priority.</param>
/// <param name="WaitingInAll">The sum of those.</param>
/// <param name="Unresolved">Paid calls of which nobody knows whether ZPK accepted them.</param>
/// <param name="Undelivered">Events that the broker does not have yet.</param>
/// <param name="Today">What was closed since midnight, UTC.</param>
/// <param name="Month">The same since the first of the month.</param>
/// <param name="Pace">How fast ZPK is called, in one sentence.</param>
/// <param name="PausedAt">Since when an operator holds back paid calls; null while they are made.</param>
public sealed record StatusAnswer(
    string? HoldsUp,
    IReadOnlyList<HealthPart> Health,
    IReadOnlyDictionary<string, long>? Open,
    long? InFlight,
    IReadOnlyDictionary<string, long>? Waiting,
    long? WaitingInAll,
    long? Unresolved,
    long? Undelivered,
    ClosedSums? Today,
    ClosedSums? Month,
    string? Pace,
    DateTimeOffset? PausedAt
)
{
    public static StatusAnswer Of(WorkerStatus status) =>
        new(
            status.HoldsUp,
            status.Health,
            status.Counts?.ByState,
            status.Counts?.ByState.Values.Sum(),
            status
                .Counts?.Waiting.GroupBy(line => line.Priority)
                .ToDictionary(
                    lines => lines.Key.Word(),
                    lines => lines.Sum(line => (long)line.Count),
                    StringComparer.Ordinal
                ),
            status.Counts?.Waiting.Sum(line => (long)line.Count),
            status.Counts?.Unresolved,
            status.Counts?.Undelivered,
            status.Today,
            status.Month,
            status.Pace?.Say(status.AllWaiting.Count, status.AllWaiting.Longest),
            status.Pace?.PausedAt
        );
}
