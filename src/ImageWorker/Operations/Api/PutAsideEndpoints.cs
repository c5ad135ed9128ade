using System.ComponentModel;
using System.Security.Claims;
using System.Text.Json;
using ImageWorker.Engine;

namespace ImageWorker.Operations.Api;

/// <summary><c>/api/put-aside</c>: messages that failed or were given up. Embedded there are none.</summary>
public static class PutAsideEndpoints
{
    private const int MostShown = 200;

    /// <summary>Maps what shows to the first, and what changes something to the second.</summary>
    public static void MapPutAside(this IEndpointRouteBuilder looking, IEndpointRouteBuilder acting)
    {
        looking
            .MapGet("/api/put-aside", ShowAsync)
            .WithSummary("Messages that were put aside, and why; they stay where they are")
            .Produces<PutAsideAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        foreach (
            var (path, summary) in new[]
            {
                ("redrive", "Move messages back to where they came from, a part a call"),
                ("delete", "Delete messages, a part a call"),
            }
        )
            acting
                .MapPost(
                    $"/api/put-aside/{path}",
                    (
                        PutAsideAsked asked,
                        PutAsideMessages messages,
                        AuditLog audit,
                        ClaimsPrincipal caller,
                        CancellationToken ct
                    ) => SettleAsync(path, asked, messages, audit, caller, ct)
                )
                .WithName($"{path}PutAside")
                .WithSummary(summary)
                .Produces<PutAsideProgress>()
                .ProducesProblem(StatusCodes.Status400BadRequest)
                .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> ShowAsync(
        PutAsideMessages messages,
        CancellationToken ct,
        [Description("One queue, as this lists it; default all")] string? queue = null,
        [Description("How many messages of each queue at most, 1 to 200")] int limit = 20,
        [Description("shown: with the prompts; default masked")] string prompt = "masked"
    )
    {
        if (limit is < 1 or > MostShown)
            return ApiProblem.Of($"limit is {limit}: write 1 to {MostShown}.");
        if (prompt is not ("shown" or "masked"))
            return ApiProblem.Of($"prompt is '{prompt}': write shown or masked.");
        if (queue is not null && !messages.Has(queue))
            return NoQueue(queue, messages);
        var (queues, problem) = await messages.ReadAsync(queue, limit, withPrompts: prompt == "shown", ct);
        return problem is null
            ? Results.Ok(new PutAsideAnswer(queues))
            : ApiProblem.Of(problem, StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> SettleAsync(
        string action,
        PutAsideAsked asked,
        PutAsideMessages messages,
        AuditLog audit,
        ClaimsPrincipal caller,
        CancellationToken ct
    )
    {
        if (asked.Queue is not { } queue || !messages.Has(queue))
            return NoQueue(asked.Queue, messages);
        if (asked.Problem(isReasonNeeded: action == "delete") is { } problem)
            return ApiProblem.Of(problem);
        return await audit.NoteAsync(
            caller,
            $"put-aside {action}",
            JsonSerializer.Serialize(asked with { Reason = null }, ApiJson.WithoutNulls),
            asked.Reason,
            async () =>
            {
                var end = await messages.SettleAsync(queue, asked.IsMeant, asked.All is true, action == "redrive", ct);
                return end.Problem is { } why
                    ? (ApiProblem.Of(why, StatusCodes.Status503ServiceUnavailable), why)
                    : (
                        Results.Ok(new PutAsideProgress(end.Done, end.Left)),
                        $"{Readable.Count(end.Done, "message")}; {Readable.Count(end.Left)} left"
                    );
            }
        );
    }

    private static IResult NoQueue(string? queue, PutAsideMessages messages) =>
        ApiProblem.Of($"queue is '{queue}': write one of {string.Join(", ", messages.Queues)}.");

    /// <summary>The queues that hold something.</summary>
    private sealed record PutAsideAnswer(IReadOnlyList<QueuePutAside> Queues);

    /// <summary>How many this call moved or deleted, and how many of those that are meant are left for the next.</summary>
    private sealed record PutAsideProgress(int Done, int Left);
}

/// <summary>Which messages are meant, and why.</summary>
public sealed record PutAsideAsked
{
    [Description("As GET /api/put-aside names it")]
    public string? Queue { get; init; }

    [Description("The messages' ids")]
    public IReadOnlyList<string>? Ids { get; init; }

    [Description("Those alone that fit")]
    public PutAsideFilter? Filter { get; init; }

    [Description("True: all of the queue")]
    public bool? All { get; init; }

    [Description("Why; needed to delete")]
    public string? Reason { get; init; }

    internal string? Problem(bool isReasonNeeded) =>
        new[] { Ids is not null, Filter is not null, All is true }.Count(given => given) != 1
            ? "Write one of ids, filter and all: true."
        : Filter is { RequestId: null, Reason: null }
            ? "The filter is empty: write a requestId or a part of the reason."
        : isReasonNeeded && string.IsNullOrWhiteSpace(Reason) ? "reason is missing: write why they are deleted."
        : null;

    internal bool IsMeant(ErrorQueueMessage message) =>
        All is true || Ids?.Contains(message.Id, StringComparer.Ordinal) is true || Filter?.Fits(message) is true;
}

/// <summary>What messages must have.</summary>
public sealed record PutAsideFilter(
    Guid? RequestId = null,
    [property: Description("A part of it")] string? Reason = null
)
{
    internal bool Fits(ErrorQueueMessage message) =>
        (RequestId is null || RequestId == message.RequestId)
        && (Reason is null || message.Reason.Contains(Reason, StringComparison.OrdinalIgnoreCase));
}
