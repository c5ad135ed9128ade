using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ImageWorker.Operations.Api;
using ImageWorker.Operations.History;
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
        var worker = endpoints.MapGroup("/api").WithTags("Worker");
        worker
            .MapGet(
                "/status",
                async (StatusFeed feed, CancellationToken ct) =>
                    Results.Json(StatusAnswer.Of(await feed.NowAsync(ct)), Json)
            )
            .WithSummary("How the worker stands now.")
            .Produces<StatusAnswer>();
        worker
            .MapGet("/events", SendEventsAsync)
            .WithSummary("Server-sent events: the fields of the status that have changed, at most once a second.");
        worker
            .MapGet("/history", ReadHistoryAsync)
            .WithSummary("What the plots show: span is hour (the default), day or month.")
            .Produces<HistoryAnswer>();
    }

    private static async Task SendEventsAsync(StatusFeed feed, HttpContext http, CancellationToken ct)
    {
        http.Response.ContentType = "text/event-stream";
        // A proxy that collects answers would keep these back.
        http.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await foreach (var changes in feed.Changes(ct))
            {
                await http.Response.WriteAsync($"data: {changes}\n\n", ct);
                await http.Response.Body.FlushAsync(ct);
            }
        }
        catch (OperationCanceledException)
        {
            // Who looked has gone, or the worker stops.
        }
    }

    private static async Task<IResult> ReadHistoryAsync(
        HistoryReader history,
        DatabaseState state,
        string? span,
        CancellationToken ct
    )
    {
        if ((await state.LookAsync(ct)).Unreadable is { } problem)
            return ApiProblem.Of(problem, StatusCodes.Status503ServiceUnavailable);
        return SpanOf(span) is { } known
            ? Results.Json(await history.ReadAsync(known), Json)
            : ApiProblem.Of(NoSpan(span));
    }

    /// <summary>What to say of a name that <see cref="SpanOf"/> does not know.</summary>
    public static string NoSpan(string? name) => $"span is '{name}': write hour, day or month.";

    /// <summary>The span of this name, an hour for none; null if there is none of that name.</summary>
    public static HistorySpan? SpanOf(string? name) =>
        name?.ToLowerInvariant() switch
        {
            null or "" or "hour" => HistorySpan.Hour,
            "day" => HistorySpan.Day,
            "month" => HistorySpan.Month,
            _ => null,
        };
}
