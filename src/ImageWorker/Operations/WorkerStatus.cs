using ImageWorker.Engine;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;

namespace ImageWorker.Operations;

/// <summary>What the operations page shows.</summary>
/// <param name="Now">When it was read.</param>
/// <param name="Problem">Why the database is not usable; null if it is.</param>
/// <param name="Counts">What is open; null while the database cannot be read.</param>
/// <param name="Open">Open requests, the oldest first.</param>
/// <param name="Closed">Closed requests, the latest first.</param>
/// <param name="Pace">How fast ZPK is called; null while the database cannot be read.</param>
/// <param name="Waiting">The calls that wait for their turns in this worker, and how long the first has waited.</param>
/// <param name="Gate">Why no call is made to ZPK at the moment, and until when; null while calls are made.</param>
/// <param name="IsCircuitOpen">True while calls are not made after repeated failures.</param>
/// <param name="AreCredentialsRefused">True while ZPK refuses our credentials.</param>
/// <param name="BrokerProblems">What is wrong with the broker, and what to do; empty if nothing is.</param>
public sealed record WorkerStatus(
    DateTimeOffset Now,
    string? Problem,
    OpenWorkCounts? Counts,
    IReadOnlyList<RequestSummary> Open,
    IReadOnlyList<RequestSummary> Closed,
    PaceStatus? Pace,
    (int Count, TimeSpan Longest) Waiting,
    (DateTimeOffset Until, string Reason)? Gate,
    bool IsCircuitOpen,
    bool AreCredentialsRefused,
    IReadOnlyList<string> BrokerProblems
)
{
    /// <summary>Those calls, the first calls of requests that wait in the database, and how long the first of all waits.</summary>
    public (int Count, TimeSpan Longest) AllWaiting
    {
        get
        {
            var lines = Counts?.Waiting ?? [];
            var longest = lines.Select(line => Now - line.Since).Append(Waiting.Longest).Max();
            return (Waiting.Count + lines.Sum(line => line.Count), longest);
        }
    }
}

/// <summary>Reads a <see cref="WorkerStatus"/>.</summary>
public sealed class WorkerStatusReader(
    DatabaseState state,
    Database database,
    OpenWork open,
    ZpkGate gate,
    PendingCalls calls,
    BrokerState broker,
    ZpkImagesClient zpk,
    TimeProvider time
)
{
    public async Task<WorkerStatus> ReadAsync(CancellationToken ct)
    {
        var (problem, unreadable) = await state.LookAsync(ct);
        var status = new WorkerStatus(
            time.GetUtcNow(),
            problem,
            null,
            [],
            [],
            null,
            calls.Waiting(),
            gate.Closed,
            zpk.IsCircuitOpen,
            gate.CredentialsRefused,
            [.. broker.Problems.Select(found => found.Text)]
        );
        if (unreadable is not null)
            return status;

        return await database.InAsync(async db =>
            status with
            {
                Pace = PaceStatus.Of(await db.LookAtPaceAsync(), status.Now),
                Counts = await open.ReadAsync(ct),
                Open = await new RequestSearch(RequestSearch.Open).FindAsync(db, ct),
                Closed = await new RequestSearch(RequestStates.Closed, Limit: 25).FindAsync(db, ct),
            }
        );
    }
}
