using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations;

/// <summary>Finds requests for operators: open ones by their command's time, closed ones last closed first.</summary>
/// <param name="State">One of <see cref="States"/>; null for any.</param>
/// <param name="Outcome">One of <see cref="RequestOutcome.All"/>, of closed requests; null for any.</param>
/// <param name="Since">Only commands that came at that time or later.</param>
/// <param name="Until">Only commands that came at that time or before.</param>
/// <param name="Tenant">Only those that take the turns of this tenant; null for any.</param>
/// <param name="Priority">Only those of this priority; null for any.</param>
/// <param name="Limit">How many at most.</param>
public sealed record RequestSearch(
    string? State = null,
    string? Outcome = null,
    DateTimeOffset? Since = null,
    DateTimeOffset? Until = null,
    string? Tenant = null,
    RequestPriority? Priority = null,
    int Limit = 50
)
{
    public const string Open = "open";

    public static IReadOnlyList<string> States { get; } = [Open, RequestTurns.Waiting, .. RequestStates.All];

    /// <summary>True if any open request is asked for, whatever its state.</summary>
    public bool IncludesOpen => Outcome is null && (State is null || Asks(Open));

    /// <summary>True if it asks for a command too that came at that time and that no worker has taken yet.</summary>
    public bool Matches(GenerateImages command, DateTimeOffset at) =>
        IncludesOpen
        && !(at < Since)
        && !(at > Until)
        && (Tenant is null || Tenant == (command.Tenant ?? RequestTurns.NoTenant))
        && (Priority is null || Priority == RequestTurns.PriorityOf(command.Priority));

    public async Task<List<RequestSummary>> FindAsync(WorkerContext db, CancellationToken ct)
    {
        var found = new List<RequestSummary>();
        // Each query has its own index. One query for all would read everything that is kept.
        if (Outcome is null && !Asks(RequestStates.Closed))
            found.AddRange(await ReadAsync(Unfinished(db).OrderBy(request => request.RequestedAt), ct));
        if (Outcome is null && (State is null || Asks(RequestStates.Withdrawn)))
            found.AddRange(await ReadAsync(Withdrawn(db).OrderBy(request => request.RequestedAt), ct));
        if (State is null || Asks(RequestStates.Closed))
            found.AddRange(await ReadAsync(Closed(db).OrderByDescending(request => request.ClosedAt), ct));
        return [.. found.Take(Limit)];
    }

    private IQueryable<ImageRequest> Unfinished(WorkerContext db)
    {
        if (Asks(RequestTurns.Waiting))
            return Asked(db.Waiting.AsNoTracking());
        var open = Asked(db).Where(request => request.NextTickAt != null);
        var state = States.FirstOrDefault(Asks);
        return state is null or Open ? open : open.Where(request => request.State == state);
    }

    private IQueryable<ImageRequest> Withdrawn(WorkerContext db) =>
        Asked(db).Where(request => request.ClosedAt == null && request.NextTickAt == null);

    private IQueryable<ImageRequest> Closed(WorkerContext db)
    {
        var closed = Asked(db).Where(request => request.ClosedAt != null);
        if (Outcome is null)
            return closed;
        FailureReason? reason = Outcome.Equals(RequestOutcome.Ready, StringComparison.OrdinalIgnoreCase)
            ? null
            : Enum.Parse<FailureReason>(Outcome, ignoreCase: true);
        return closed.Where(request => request.Reason == reason);
    }

    private IQueryable<ImageRequest> Asked(WorkerContext db) => Asked(db.Requests.AsNoTracking());

    private IQueryable<ImageRequest> Asked(IQueryable<ImageRequest> requests)
    {
        if (Since is { } since)
            requests = requests.Where(request => request.RequestedAt >= since);
        if (Until is { } until)
            requests = requests.Where(request => request.RequestedAt <= until);
        if (Tenant is { } tenant)
            requests = requests.Where(request => request.Tenant == tenant);
        if (Priority is { } priority)
            requests = requests.Where(request => request.Priority == priority);
        return requests;
    }

    private async Task<IEnumerable<RequestSummary>> ReadAsync(IQueryable<ImageRequest> requests, CancellationToken ct)
    {
        // Leaves out the command, because it holds the prompt.
        var rows = await requests
            .Take(Limit)
            .Select(request => new
            {
                request.CorrelationId,
                request.State,
                request.Reason,
                request.RequestedAt,
                request.NextTickAt,
                request.WaitingSince,
                request.ClosedAt,
                request.Images,
                request.Submissions,
                request.Tenant,
                request.Priority,
            })
            .ToListAsync(ct);
        return rows.Select(row => new RequestSummary(
            row.CorrelationId,
            RequestTurns.IsWaiting(row.State, row.WaitingSince) ? RequestTurns.Waiting : row.State,
            RequestOutcome.Of(row.ClosedAt, row.Reason),
            row.Images.Count,
            row.Images.GeneratedCount(),
            row.Submissions.CostSoFar(),
            row.RequestedAt,
            RequestTurns.IsWaiting(row.State, row.WaitingSince) ? null : row.NextTickAt,
            row.ClosedAt,
            row.Tenant,
            row.Priority.Word()
        ));
    }

    private bool Asks(string state) => state.Equals(State, StringComparison.OrdinalIgnoreCase);
}
