using System.ComponentModel;
using ImageWorker.Requests;
using ImageWorker.Storage;

namespace ImageWorker.Operations.Api;

/// <summary><c>/api/requests</c>.</summary>
public static class RequestsEndpoints
{
    private const int MostAtOnce = 1000;

    public static void MapRequests(this IEndpointRouteBuilder operations) =>
        operations
            .MapGet("/api/requests", FindAsync)
            .WithSummary("Requests: open ones, the oldest first, then closed ones, the latest first")
            .Produces<RequestsAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest);

    private static async Task<IResult> FindAsync(
        [AsParameters] RequestFilter filter,
        Database database,
        SearchableMetadata searchable,
        TimeProvider time,
        CancellationToken ct,
        [Description("How many at most, 1 to 1000; fewer can come though there are more: see next")] int limit = 50,
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
        return Results.Ok(new RequestsAnswer(page.Requests, page.Next?.ToString()));
    }

    /// <summary>A page.</summary>
    /// <param name="Requests">What is on it.</param>
    /// <param name="Next">Where the next one begins; null for the last.</param>
    private sealed record RequestsAnswer(IReadOnlyList<RequestSummary> Requests, string? Next);
}
