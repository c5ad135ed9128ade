using System.ComponentModel;
using System.Text.Json.Serialization;
using ImageWorker.Requests;
using ImageWorker.Storage;

namespace ImageWorker.Operations.Api;

/// <summary><c>/api/requests</c>.</summary>
public static class RequestsEndpoints
{
    private const int MostAtOnce = 1000;

    public static void MapRequests(this IEndpointRouteBuilder operations)
    {
        operations
            .MapGet("/api/requests", FindAsync)
            .WithSummary("Requests: open ones, the oldest first, then closed ones, the latest first")
            .Produces<RequestsAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        operations
            .MapGet("/api/requests/{id:guid}", ShowAsync)
            .WithSummary("Everything that is stored of one request, but its prompt")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        operations
            .MapGet(
                "/api/requests/{id:guid}/pictures/{number:int}",
                (Guid id, int number, RequestPictures pictures, HttpContext http, CancellationToken ct) =>
                    pictures.SendAsync(id, number, http, ct)
            )
            .WithSummary("A generated picture, fetched by the worker: PNG, JPEG, WebP or GIF");
    }

    private static async Task<IResult> FindAsync(
        [AsParameters] RequestFilter filter,
        Database database,
        SearchableMetadata searchable,
        TimeProvider time,
        CancellationToken ct,
        [Description("How many at most, 1 to 1000; fewer can come though there are more: see cutShort and next")]
            int limit = 50,
        [Description("The next of the page before")] string? after = null
    )
    {
        if (limit is < 1 or > MostAtOnce)
            return ApiProblem.Of($"limit is {limit}: write 1 to {MostAtOnce}.");
        var cursor = after is null ? null : RequestCursor.TryParse(after);
        if (after is not null && cursor is null)
            return ApiProblem.Of("after is no place in a list: write the next of the page before.");
        var (search, problem) = filter.Parse(searchable, time.GetUtcNow());
        if (search is null)
            return ApiProblem.Of(problem!);
        var page = await database.InAsync(db => (search with { Limit = limit, After = cursor }).PageAsync(db, ct));
        return Results.Ok(RequestsAnswer.Of(page));
    }

    private static async Task<IResult> ShowAsync(
        Guid id,
        DatabaseState state,
        Database database,
        TimeProvider time,
        CancellationToken ct
    )
    {
        if ((await state.LookAsync(ct)).Unreadable is { } problem)
            return ApiProblem.Of(problem, StatusCodes.Status503ServiceUnavailable);
        return await database.InAsync(db => RequestDetails.FindAsync(db, id, time.GetUtcNow(), ct)) is { } details
            ? Results.Json(details.AsJson(), ConsoleApi.Json)
            : ApiProblem.Of(RequestDetails.Unknown(id), StatusCodes.Status404NotFound);
    }
}

/// <summary>A page.</summary>
/// <param name="Requests">What is on it.</param>
/// <param name="Next">Where the next one begins; null for the last.</param>
/// <param name="CutShort">True if the search took too long to fill the page; not there otherwise.</param>
public sealed record RequestsAnswer(
    IReadOnlyList<RequestSummary> Requests,
    string? Next,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool CutShort
)
{
    public static RequestsAnswer Of(FoundRequests page) => new(page.Requests, page.Next?.ToString(), page.IsCutShort);
}
