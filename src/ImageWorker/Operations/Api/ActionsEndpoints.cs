using System.ComponentModel;
using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using ImageWorker.Requests;
using ImageWorker.Storage;

namespace ImageWorker.Operations.Api;

/// <summary>What changes something: on requests, and on the pace. Each call is one line of <c>/api/audit</c>.</summary>
public static class ActionsEndpoints
{
    /// <summary>A form on a page of somebody else cannot set a header.</summary>
    public const string Header = "X-ImageWorker";

    private const string HeaderValue = "act";
    private const int MostLines = 1000;

    /// <summary>Maps what shows to the first, and what changes something to the second: <see cref="MapActing"/>.</summary>
    public static void MapActions(this IEndpointRouteBuilder looking, IEndpointRouteBuilder acting)
    {
        looking
            .MapGet("/api/audit", ShowAuditAsync)
            .WithSummary("What operators did, the latest first")
            .Produces<AuditAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        acting
            .MapPost("/api/requests/{id:guid}/cancel", CancelAsync)
            .WithSummary("Cancel a request: it closes once its calls under way are known")
            .Produces<ActionAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        acting
            .MapPost("/api/requests/{id:guid}/retry", RetryAsync)
            .WithSummary(
                "Have an open request do now what it waits for; ask again, under a new id, for one that failed"
            )
            .Produces<ActionAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        acting
            .MapPost("/api/requests/cancel", CancelManyAsync)
            .WithSummary("Cancel the open requests that a filter finds, a page a call; or preview that")
            .Produces<ActionProgress>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        acting
            .MapPost("/api/requests/retry", RetryManyAsync)
            .WithSummary(
                "Retry the requests that a filter finds, a page a call; or preview that and what it would cost"
            )
            .Produces<ActionProgress>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        acting
            .MapPost("/api/pace", SteerAsync)
            .WithSummary("Set a ceiling of calls a second, take it away, pause paid calls, or resume them")
            .Produces<PaceStatus>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
    }

    /// <summary>A group of endpoints that change something.</summary>
    public static RouteGroupBuilder MapActing(this IEndpointRouteBuilder app)
    {
        var acting = app.MapGroup("").RequireAuthorization(OperationsAccess.Act);
        acting.AddEndpointFilter(
            async (context, next) =>
                context.HttpContext.Request.Headers[Header] is [HeaderValue]
                    ? await next(context)
                    : ApiProblem.Of(
                        $"What changes something needs the header '{Header}: {HeaderValue}': send it too.",
                        StatusCodes.Status403Forbidden
                    )
        );
        return acting.RefuseWhatIsUnknown();
    }

    private static async Task<IResult> ShowAuditAsync(
        AuditLog audit,
        CancellationToken ct,
        [Description("How many lines at most, 1 to 1000")] int limit = 100
    ) =>
        limit is < 1 or > MostLines
            ? ApiProblem.Of($"limit is {limit}: write 1 to {MostLines}.")
            : Results.Ok(new AuditAnswer(await audit.LatestAsync(limit, ct)));

    private static Task<IResult> CancelAsync(
        Guid id,
        RequestActions actions,
        AuditLog audit,
        ClaimsPrincipal caller,
        CancellationToken ct
    ) =>
        audit.NoteAsync(
            caller,
            "requests cancel",
            $"request {id}",
            reason: null,
            async () => Answer(id, await actions.CancelAsync(id, ct))
        );

    private static Task<IResult> RetryAsync(
        Guid id,
        RequestActions actions,
        AuditLog audit,
        ClaimsPrincipal caller,
        CancellationToken ct,
        [Description("Also where ZPK may have charged a submission of which nothing is known")] bool mayPayAgain = false
    ) =>
        audit.NoteAsync(
            caller,
            "requests retry",
            $"request {id}",
            reason: null,
            async () => Answer(id, await actions.RetryAsync(id, mayPayAgain, ct))
        );

    private static Task<IResult> CancelManyAsync(
        ManyRequests asked,
        RequestActions actions,
        AuditLog audit,
        SearchableMetadata searchable,
        TimeProvider time,
        ClaimsPrincipal caller,
        CancellationToken ct
    ) => ActOnManyAsync("requests cancel", asked, actions, audit, searchable, time, caller, ct);

    private static Task<IResult> RetryManyAsync(
        ManyRequests asked,
        RequestActions actions,
        AuditLog audit,
        SearchableMetadata searchable,
        TimeProvider time,
        ClaimsPrincipal caller,
        CancellationToken ct
    ) => ActOnManyAsync("requests retry", asked, actions, audit, searchable, time, caller, ct);

    private static async Task<IResult> ActOnManyAsync(
        string action,
        ManyRequests asked,
        RequestActions actions,
        AuditLog audit,
        SearchableMetadata searchable,
        TimeProvider time,
        ClaimsPrincipal caller,
        CancellationToken ct
    )
    {
        var isRetry = action == "requests retry";
        if (asked.IsEmpty)
            return ApiProblem.Of("The filter is empty: narrow it down, such as by state or newerThan.");
        var cursor = asked.After is null ? null : RequestCursor.TryParse(asked.After);
        if (asked.After is not null && cursor is null)
            return ApiProblem.Of("after is no place in a list: write the next of the answer before.");
        var (search, problem) = asked.Parse(searchable, time.GetUtcNow());
        if (search is null)
            return ApiProblem.Of(problem!);
        search = search with { After = cursor, State = search.State ?? (isRetry ? null : RequestSearch.Open) };
        if (asked.Preview)
            return Results.Ok(await actions.PreviewAsync(search, isRetry, asked.MayPayAgain, ct));
        return await audit.NoteAsync(
            caller,
            action,
            JsonSerializer.Serialize<RequestFilter>(asked, ApiJson.WithoutNulls),
            asked.Reason,
            async () =>
            {
                var end = await actions.ActAsync(search, isRetry, asked.MayPayAgain, ct);
                return end.Problem is { } why
                    ? (ApiProblem.Of(why, StatusCodes.Status503ServiceUnavailable), why)
                    : (
                        Results.Ok(end),
                        $"{Readable.Count(end.Done, "request")}; {(end.Next is null ? "none" : "more")} left"
                    );
            }
        );
    }

    private static async Task<IResult> SteerAsync(
        PaceAsked asked,
        Database database,
        AuditLog audit,
        TimeProvider time,
        ClaimsPrincipal caller,
        CancellationToken ct
    )
    {
        if (asked.Problem is { } problem)
            return ApiProblem.Of(problem);
        return await audit.NoteAsync(
            caller,
            "pace",
            asked.Said,
            asked.Reason,
            async () =>
            {
                var now = time.GetUtcNow();
                var row = await database.InAsync(async db =>
                {
                    _ = asked switch
                    {
                        { Paused: true } => await PaceSteering.PauseAsync(db, now, asked.Reason!, ct),
                        { Paused: false } => await PaceSteering.ResumeAsync(db, ct),
                        _ => await PaceSteering.SetCeilingAsync(db, asked.PerSecond, ct),
                    };
                    return await db.LookAtPaceAsync();
                });
                return (Results.Ok(PaceStatus.Of(row, now)), "done");
            }
        );
    }

    private static (IResult Answer, string Result) Answer(Guid id, ActionEnd end) =>
        (
            end.Status is { } status
                ? ApiProblem.Of(end.Action, status)
                : Results.Ok(new ActionAnswer(id, end.Action, end.NewRequestId)),
            end.NewRequestId is { } @new ? $"{end.Action} as {@new}" : end.Action
        );

    /// <summary>The lines of the audit.</summary>
    private sealed record AuditAnswer(IReadOnlyList<AuditRow> Lines);

    /// <summary>What was done with a request.</summary>
    private sealed record ActionAnswer(Guid RequestId, string Action, Guid? NewRequestId);
}

/// <summary>What is to be done with all requests that a filter finds.</summary>
public sealed record ManyRequests : RequestFilter
{
    [Description("True (default): only say what would be done")]
    public bool Preview { get; init; } = true;

    [Description("The next of the answer before: each call acts on a page")]
    public string? After { get; init; }

    [Description("Retry also where ZPK may have charged a submission of which nothing is known")]
    public bool MayPayAgain { get; init; }

    [Description("Why, for your colleagues")]
    public string? Reason { get; init; }

    internal bool IsEmpty =>
        this with { Preview = true, After = null, MayPayAgain = false, Reason = null } == new ManyRequests();
}

/// <summary>What is to be done with the pace: one of these.</summary>
public sealed record PaceAsked
{
    [Description("A ceiling for all calls a second, 0.1 to 10000")]
    public double? PerSecond { get; init; }

    [Description("True: no ceiling")]
    public bool? Auto { get; init; }

    [Description("True: no paid call begins; false: they begin again")]
    public bool? Paused { get; init; }

    [Description("Why, with paused: true; 1 to 200 characters")]
    public string? Reason { get; init; }

    internal string? Problem =>
        new[] { PerSecond is not null, Auto is true, Paused is not null }.Count(given => given) != 1
            ? "Write one of perSecond, auto: true, paused: true and paused: false."
        : PerSecond is not null and not (>= PaceSteering.Least and <= PaceSteering.Most)
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"perSecond is {PerSecond}: write {PaceSteering.Least} to {PaceSteering.Most}."
            )
        : Paused is true && !PaceSteering.IsReason(Reason)
            ? $"reason is missing or no reason: write why, {PaceSteering.ReasonRule}."
        : null;

    internal string Said =>
        Paused is { } paused
            ? paused
                ? "pause"
                : "resume"
            : PerSecond is { } rate
                ? string.Create(CultureInfo.InvariantCulture, $"{rate} calls a second")
                : "no ceiling";
}
