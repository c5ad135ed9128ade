using System.ComponentModel;
using ImageWorker.Storage;

namespace ImageWorker.Operations.Api;

/// <summary><c>/api/costs</c>.</summary>
public static class CostsEndpoints
{
    public static void MapCosts(this IEndpointRouteBuilder operations) =>
        operations
            .MapGet("/api/costs", FindAsync)
            .WithSummary("What closed requests cost, in sums that outlive the requests")
            .Produces<CostsAnswer>()
            .Produces<string>(contentType: "text/csv")
            .ProducesProblem(StatusCodes.Status400BadRequest);

    private static async Task<IResult> FindAsync(
        Database database,
        TimeProvider time,
        CancellationToken ct,
        [Description("How far back, in whole days of UTC: 12h, 7d, 30d")] string since = "30d",
        [Description("What the sums are told apart by, with commas between: day, model, quality, tenant, outcome")]
            string by = "",
        [Description("json or csv")] string format = "json"
    )
    {
        var (search, problem) = CostSearch.Parse(since, by, time.GetUtcNow());
        if (search is null)
            return ApiProblem.Of(problem!);
        var rows = await database.InAsync(db => search.FindAsync(db, ct));
        return format switch
        {
            "csv" => Results.Text(search.Csv(rows), "text/csv"),
            "json" => Results.Json(new CostsAnswer(rows), ApiJson.WithoutNulls),
            _ => ApiProblem.Of($"format is '{format}': write json or csv."),
        };
    }

    private sealed record CostsAnswer(IReadOnlyList<CostSums> Rows);
}
