using ImageWorker.Engine;
using ImageWorker.Operations.History;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;

namespace ImageWorker.Operations;

/// <summary>How the worker stands, as every page shows it.</summary>
/// <param name="Now">When it was read.</param>
/// <param name="Problem">Why the database is not usable; null if it is.</param>
/// <param name="Counts">What is open; null while the database cannot be read.</param>
/// <param name="Pace">How fast ZPK is called; null while the database cannot be read.</param>
/// <param name="Waiting">The calls that wait for their turns in this worker, and how long the first has waited.</param>
/// <param name="Gate">Why no call is made to ZPK at the moment, and until when; null while calls are made.</param>
/// <param name="IsCircuitOpen">True while calls are not made after repeated failures.</param>
/// <param name="AreCredentialsRefused">True while ZPK refuses our credentials.</param>
/// <param name="IsAccountRefused">True while ZPK refuses paid calls because of our account.</param>
/// <param name="BrokerProblems">What is wrong with the broker, and what to do; empty if nothing is.</param>
public sealed record WorkerStatus(
    DateTimeOffset Now,
    string? Problem,
    OpenWorkCounts? Counts,
    PaceStatus? Pace,
    (int Count, TimeSpan Longest) Waiting,
    (DateTimeOffset Until, string Reason)? Gate,
    bool IsCircuitOpen,
    bool AreCredentialsRefused,
    bool IsAccountRefused,
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

    /// <summary>What was closed since midnight, UTC; null while the database cannot be read.</summary>
    public ClosedSums? Today { get; init; }

    /// <summary>The same since the first of the month.</summary>
    public ClosedSums? Month { get; init; }

    /// <summary>Whether the database can be read, and so more than this can be shown.</summary>
    public bool IsReadable => Counts is not null;

    /// <summary>What the worker depends on.</summary>
    public IReadOnlyList<HealthPart> Health =>
        [
            new(
                "Broker",
                BrokerProblems.Count == 0,
                BrokerProblems.Count == 0 ? "takes and gives messages" : string.Join(". ", BrokerProblems)
            ),
            new("Database", Problem is null, Problem ?? "answers, and takes changes"),
            new("API", ApiProblem is null, ApiProblem ?? "calls are made"),
        ];

    /// <summary>What holds the work up, the worst first, in one sentence; null for nothing.</summary>
    public string? HoldsUp =>
        Problem is { } problem ? $"The database holds everything up: {problem}"
        : BrokerProblems is [var broker, ..] ? $"RabbitMQ holds the work up: {broker}"
        : ApiProblem is { } api ? $"No paid call is made: {api}"
        : Pace is { PausedAt: { } since, PauseReason: var reason }
            ? $"Paid calls are paused by an operator since {Readable.Time(since)}: {reason}"
        : Pace is { Ceiling: { } most } pace && AllWaiting.Count > 0 && (pace.Rate ?? double.MaxValue) >= most
            ? $"An operator's ceiling of {PaceStatus.Calls(most)} calls/s holds up {Readable.Count(AllWaiting.Count, "call")}."
        : Pace is { Rate: { } rate } && AllWaiting.Count > rate * 5
            ? $"ZPK takes about {PaceStatus.Calls(rate)} calls/s, which holds up {Readable.Count(AllWaiting.Count, "call")}."
        : null;

    private string? ApiProblem =>
        AreCredentialsRefused ? "ZPK refuses our credentials; check Zpk:ApplicationId and Zpk:ApiKey"
        : IsAccountRefused ? "ZPK refuses our account; check its balance"
        : Gate is var (until, reason) ? $"calls are held back until {Readable.Time(until)}: {reason}"
        : IsCircuitOpen ? "calls fail one after the other, so most are not made for a while"
        : null;
}

/// <summary>Something that the worker depends on.</summary>
/// <param name="Name">For people.</param>
/// <param name="IsGood">Whether it works.</param>
/// <param name="Text">What is wrong and what to do, or that nothing is.</param>
public sealed record HealthPart(string Name, bool IsGood, string Text);

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
            null,
            calls.Waiting(),
            gate.Closed,
            zpk.IsCircuitOpen,
            gate.CredentialsRefused,
            gate.AccountRefused,
            [.. broker.Problems.Select(found => found.Text)]
        );
        if (unreadable is not null)
            return status;

        return await database.InAsync(async db =>
        {
            var (today, month) = await ClosedSums.ReadAsync(db, status.Now, ct);
            return status with
            {
                Pace = PaceStatus.Of(await db.LookAtPaceAsync(), status.Now),
                Counts = await open.ReadAsync(ct),
                Today = today,
                Month = month,
            };
        });
    }
}
