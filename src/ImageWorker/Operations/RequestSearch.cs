using System.Diagnostics;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations;

/// <summary>
/// Finds requests for operators: open ones by their command's time, closed ones last closed first. A page of it takes no
/// longer with millions of closed requests than with few: it looks at closed ones in the order of one index, for a bounded
/// time.
/// </summary>
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

    /// <summary>How many closed requests are looked at first. It then doubles while that is quick, as it is not on a cold disk.</summary>
    private const int FirstStep = 250;

    /// <summary>A tenant with no more closed requests than that has few.</summary>
    private const int Few = 4_000;

    /// <summary>Only those whose ids begin so; null for any.</summary>
    public RequestIdText? Id { get; init; }

    /// <summary>Only those of this model; null for any.</summary>
    public string? Model { get; init; }

    /// <summary>Only those whose value of <see cref="SearchableMetadata"/> is this; null for any.</summary>
    public string? Metadata { get; init; }

    /// <summary>Only closed ones with an image that ended with this error; null for any.</summary>
    public string? Error { get; init; }

    /// <summary>Only closed ones that are known to have cost so much or more, in EUR.</summary>
    public decimal? MinCost { get; init; }

    /// <summary>Only closed ones that are known to have cost so much or less, in EUR.</summary>
    public decimal? MaxCost { get; init; }

    /// <summary>Where the page before ended; null for the first.</summary>
    public RequestCursor? After { get; init; }

    /// <summary>
    /// How long a page begins to look further back among closed requests, where its index finds others too. Then it is cut
    /// short, and the next page goes on from there.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(100);

    public static IReadOnlyList<string> States { get; } = [Open, RequestTurns.Waiting, .. RequestStates.All];

    /// <summary>True if any open request is asked for, whatever its state.</summary>
    public bool IncludesOpen => AsksForOpen && (State is null || Asks(Open));

    private bool AsksForOpen => this is { Outcome: null, Error: null, MinCost: null, MaxCost: null };

    /// <summary>True if it asks for a command too that came at that time and that no worker has taken yet.</summary>
    public bool Matches(GenerateImages command, DateTimeOffset at, SearchableMetadata searchable) =>
        IncludesOpen
        && !(at < Since)
        && !(at > Until)
        && (Tenant is null || Tenant == (command.Tenant ?? RequestTurns.NoTenant))
        && (Priority is null || Priority == RequestTurns.PriorityOf(command.Priority))
        && (Model is null || Model == command.Model)
        && (Metadata is null || SearchableMetadata.Kept(Metadata) == searchable.ValueOf(command))
        && (
            Id is not { } id
            || (id.First.CompareTo(command.RequestId) <= 0 && id.Last.CompareTo(command.RequestId) >= 0)
        );

    /// <summary>As many as there are, up to the limit.</summary>
    public async Task<List<RequestSummary>> FindAsync(WorkerContext db, CancellationToken ct)
    {
        var found = new List<RequestSummary>();
        for (var search = this; ; )
        {
            var page = await search.PageAsync(db, ct);
            found.AddRange(page.Requests);
            if (page.Next is null || found.Count >= Limit)
                return found;
            search = this with { After = page.Next, Limit = Limit - found.Count };
        }
    }

    /// <summary>One page, and where the next one begins; null for the last.</summary>
    public Task<FoundRequests> PageAsync(WorkerContext db, CancellationToken ct) =>
        db.ReadPlannedAsync(() => ReadPageAsync(db, ct), ct);

    private async Task<FoundRequests> ReadPageAsync(WorkerContext db, CancellationToken ct)
    {
        var found = new List<RequestSummary>();
        RequestCursor? cutAt = null;
        // Each query has its own index. One query for all would read everything that is kept.
        if (AsksForOpen && !Asks(RequestStates.Closed) && GoesOnIn(RequestSection.Unfinished))
            found.AddRange(await OldestAsync(Unfinished(db), RequestSection.Unfinished, Limit, ct));
        if (
            found.Count < Limit
            && AsksForOpen
            && (State is null || Asks(RequestStates.Withdrawn))
            && GoesOnIn(RequestSection.Withdrawn)
        )
            found.AddRange(await OldestAsync(Withdrawn(db), RequestSection.Withdrawn, Limit - found.Count, ct));
        if (found.Count < Limit && (State is null || Asks(RequestStates.Closed)))
        {
            var (closed, end) = await LatestAsync(db, Limit - found.Count, ct);
            found.AddRange(closed);
            cutAt = end;
        }
        return new(found, found.Count >= Limit ? RequestCursor.Of(found[^1]) : cutAt)
        {
            IsCutShort = cutAt is not null,
        };
    }

    private bool GoesOnIn(RequestSection section) => After is null || After.Section <= section;

    private Task<List<RequestSummary>> OldestAsync(
        IQueryable<ImageRequest> requests,
        RequestSection section,
        int limit,
        CancellationToken ct
    )
    {
        if (After is { } after && after.Section == section)
        {
            var (at, id) = (after.At, after.Id);
            requests = requests.Where(request =>
                request.RequestedAt >= at && (request.RequestedAt > at || request.CorrelationId.CompareTo(id) > 0)
            );
        }
        return ReadAsync(
            Unindexed(requests)
                .OrderBy(request => request.RequestedAt)
                .ThenBy(request => request.CorrelationId)
                .Take(limit),
            ct
        );
    }

    /// <summary>Up to the limit, and where it was cut short; null if it was not.</summary>
    private async Task<(List<RequestSummary> Found, RequestCursor? CutAt)> LatestAsync(
        WorkerContext db,
        int limit,
        CancellationToken ct
    )
    {
        var found = new List<RequestSummary>();
        var led = await LedAsync(db, ct);
        var from = After is { Section: RequestSection.Closed } ? After : null;
        var began = Stopwatch.GetTimestamp();
        var step = Math.Max(FirstStep, limit);
        while (true)
        {
            var looked = Latest(From(from, led)).Take(step);
            found.AddRange(await ReadAsync(Latest(Narrowed(looked)).Take(limit - found.Count), ct));
            if (found.Count == limit)
                return (found, null);
            var last = await looked
                .Skip(step - 1)
                .Select(request => new { request.CorrelationId, request.ClosedAt })
                .FirstOrDefaultAsync(ct);
            if (last is null)
                return (found, null);
            from = new(RequestSection.Closed, last.ClosedAt!.Value, last.CorrelationId);
            var elapsed = Stopwatch.GetElapsedTime(began);
            if (elapsed >= Patience)
                return (found, from);
            if (elapsed < Patience / 8)
                step *= 2;
        }
    }

    private static IQueryable<ImageRequest> From(RequestCursor? cursor, IQueryable<ImageRequest> closed) =>
        cursor is { At: var at, Id: var id }
            ? closed.Where(request =>
                request.ClosedAt <= at && (request.ClosedAt < at || request.CorrelationId.CompareTo(id) < 0)
            )
            : closed;

    private static IQueryable<ImageRequest> Latest(IQueryable<ImageRequest> closed) =>
        closed.OrderByDescending(request => request.ClosedAt).ThenByDescending(request => request.CorrelationId);

    private IQueryable<ImageRequest> Unfinished(WorkerContext db)
    {
        if (Asks(RequestTurns.Waiting))
            return Asked(db.Waiting.AsNoTracking());
        var open = Asked(db.Requests.AsNoTracking()).Where(request => request.NextTickAt != null);
        var state = States.FirstOrDefault(Asks);
        return state is null or Open ? open : open.Where(request => request.State == state);
    }

    private IQueryable<ImageRequest> Withdrawn(WorkerContext db) => Asked(db.Withdrawn.AsNoTracking());

    /// <summary>
    /// Closed requests as one index leads to them, the one that is likely to find the fewest. With two conditions at once
    /// the database could go through an index for as long as the other condition finds nothing.
    /// </summary>
    private async Task<IQueryable<ImageRequest>> LedAsync(WorkerContext db, CancellationToken ct)
    {
        var closed = db.Requests.AsNoTracking().Where(request => request.ClosedAt != null);
        // What was closed before came before. It ends the search.
        if (Since is { } since)
            closed = closed.Where(request => request.ClosedAt >= since);
        if (Id is not null)
            return WithId(closed);
        if (Metadata is not null)
            return WithMetadata(closed);
        if (Error is null && Reason is null)
            return OfTenant(closed);
        if (Tenant is not null && !await OfTenant(closed).Skip(Few).AnyAsync(ct))
            return OfTenant(closed);
        return Error is not null ? closed.Where(request => request.ImageErrors != null) : WithOutcome(closed);
    }

    /// <summary>Failures are few, and have an index.</summary>
    private FailureReason? Reason =>
        Outcome is null || Outcome.Equals(RequestOutcome.Ready, StringComparison.OrdinalIgnoreCase)
            ? null
            : Enum.Parse<FailureReason>(Outcome, ignoreCase: true);

    private IQueryable<ImageRequest> WithOutcome(IQueryable<ImageRequest> closed)
    {
        if (Outcome is null)
            return closed;
        var reason = Reason;
        return closed.Where(request => request.Reason == reason);
    }

    /// <summary>Narrows closed ones down by everything.</summary>
    private IQueryable<ImageRequest> Narrowed(IQueryable<ImageRequest> closed) => Unindexed(WithOutcome(Asked(closed)));

    /// <summary>Narrows down by what open ones have an index for, or by their age.</summary>
    private IQueryable<ImageRequest> Asked(IQueryable<ImageRequest> requests)
    {
        requests = OfTenant(WithMetadata(WithId(requests)));
        if (Since is { } since)
            requests = requests.Where(request => request.RequestedAt >= since);
        return requests;
    }

    private IQueryable<ImageRequest> WithId(IQueryable<ImageRequest> requests)
    {
        if (Id is not { First: var first, Last: var last })
            return requests;
        return requests.Where(request =>
            request.CorrelationId.CompareTo(first) >= 0 && request.CorrelationId.CompareTo(last) <= 0
        );
    }

    private IQueryable<ImageRequest> WithMetadata(IQueryable<ImageRequest> requests)
    {
        if (Metadata is not { } metadata)
            return requests;
        var kept = SearchableMetadata.Kept(metadata);
        return requests.Where(request => request.MetadataValue == kept);
    }

    private IQueryable<ImageRequest> OfTenant(IQueryable<ImageRequest> requests)
    {
        var tenant = Tenant;
        return tenant is null ? requests : requests.Where(request => request.Tenant == tenant);
    }

    /// <summary>Narrows down by all the rest.</summary>
    private IQueryable<ImageRequest> Unindexed(IQueryable<ImageRequest> requests)
    {
        if (Until is { } until)
            requests = requests.Where(request => request.RequestedAt <= until);
        if (Priority is { } priority)
            requests = requests.Where(request => request.Priority == priority);
        if (Model is { } model)
            requests = requests.Where(request => request.Model == model);
        if (Error is { } error)
        {
            var listed = ErrorIds.Listed([error]);
            requests = requests.Where(request => request.ImageErrors!.Contains(listed!));
        }
        if (MinCost is { } min)
            requests = requests.Where(request => request.Cost >= min);
        if (MaxCost is { } max)
            requests = requests.Where(request => request.Cost <= max);
        return requests;
    }

    private static async Task<List<RequestSummary>> ReadAsync(IQueryable<ImageRequest> requests, CancellationToken ct)
    {
        // Leaves out the command, because it holds the prompt.
        var rows = await requests
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
                request.Model,
            })
            .ToListAsync(ct);
        return
        [
            .. rows.Select(row => new RequestSummary(
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
            )
            {
                Model = row.Model,
                Thumbnails = [.. row.Images.Where(image => image.Url is not null).Select(image => image.Number)],
            }),
        ];
    }

    private bool Asks(string state) => state.Equals(State, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A page of requests, and where the next one begins; null for the last.</summary>
public sealed record FoundRequests(IReadOnlyList<RequestSummary> Requests, RequestCursor? Next)
{
    /// <summary>True if the time was over before the page was full. The next page goes on looking.</summary>
    public bool IsCutShort { get; init; }
}
