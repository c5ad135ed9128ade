using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ImageWorker.Storage;

namespace ImageWorker.Operations;

/// <summary>What the console's pages show, for programs. Money is a decimal number, times are UTC.</summary>
public static class ConsoleApi
{
    /// <summary>How every answer is written.</summary>
    public static JsonSerializerOptions Json { get; } =
        new(JsonSerializerOptions.Web)
        {
            Encoder = JavaScriptEncoder.Default,
            Converters = { new JsonStringEnumConverter() },
        };

    public static void MapConsoleApi(this IEndpointRouteBuilder endpoints)
    {
        var requests = endpoints.MapGroup("/api/requests/{id:guid}").WithTags("Requests");
        requests.MapGet("", FindRequestAsync).WithSummary("Everything that is stored of one request, but its prompt.");
        requests
            .MapGet(
                "/pictures/{number:int}",
                (Guid id, int number, RequestPictures pictures, HttpContext http, CancellationToken ct) =>
                    pictures.SendAsync(id, number, http, ct)
            )
            .WithSummary("A generated picture, fetched by the worker: PNG, JPEG, WebP or GIF.");
    }

    private static async Task<IResult> FindRequestAsync(
        Guid id,
        DatabaseState state,
        Database database,
        TimeProvider time,
        CancellationToken ct
    )
    {
        if ((await state.LookAsync(ct)).Unreadable is { } problem)
            return Results.Problem(problem, statusCode: StatusCodes.Status503ServiceUnavailable);
        return await database.InAsync(db => RequestDetails.FindAsync(db, id, time.GetUtcNow(), ct)) is { } details
            ? Results.Json(details.AsJson(), Json)
            : Results.Problem(RequestDetails.Unknown(id), statusCode: StatusCodes.Status404NotFound);
    }
}
