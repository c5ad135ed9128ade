using System.ComponentModel;
using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Operations.Api;

/// <summary><c>/api/put-aside</c>: messages that failed or were given up. Embedded there are none.</summary>
public static class PutAsideEndpoints
{
    private const int MostShown = 200;
    private const int AtOnce = 200;
    private const int Looked = 10_000;

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
                        Connections connections,
                        Queues queues,
                        AuditLog audit,
                        ClaimsPrincipal caller,
                        CancellationToken ct
                    ) => SettleAsync(path, asked, connections, queues, audit, caller, ct)
                )
                .WithName($"{path}PutAside")
                .WithSummary(summary)
                .Produces<PutAsideProgress>()
                .ProducesProblem(StatusCodes.Status400BadRequest)
                .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> ShowAsync(
        Connections connections,
        Queues queues,
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
        var names = NamesOf(queues);
        if (queue is not null && !names.Contains(queue, StringComparer.Ordinal))
            return NoQueue(queue, names);
        return await WithBrokerAsync(
            connections,
            () => Results.Ok(new PutAsideAnswer([])),
            async open =>
            {
                var found = new List<PutAsideQueue>();
                foreach (var client in (queue is null ? names : [queue]).Select(open))
                {
                    if (await client.CountAsync(ct) is not ({ } count and > 0))
                        continue;
                    var messages = await client.ReadAsync(limit, ct);
                    found.Add(
                        new(
                            client.Name,
                            count,
                            [
                                .. messages.Select(message =>
                                    prompt == "shown" ? message : message with { Prompt = null }
                                ),
                            ]
                        )
                    );
                }
                return Results.Ok(new PutAsideAnswer(found));
            },
            ct
        );
    }

    private static async Task<IResult> SettleAsync(
        string action,
        PutAsideAsked asked,
        Connections connections,
        Queues queues,
        AuditLog audit,
        ClaimsPrincipal caller,
        CancellationToken ct
    )
    {
        var names = NamesOf(queues);
        if (asked.Queue is not { } queue || !names.Contains(queue, StringComparer.Ordinal))
            return NoQueue(asked.Queue, names);
        if (asked.Problem(isReasonNeeded: action == "delete") is { } problem)
            return ApiProblem.Of(problem);
        return await audit.NoteAsync(
            caller,
            $"put-aside {action}",
            JsonSerializer.Serialize(asked with { Reason = null }, ApiJson.WithoutNulls),
            asked.Reason,
            async () =>
            {
                var result = "the broker cannot be asked";
                var answer = await WithBrokerAsync(
                    connections,
                    () => Results.Ok(new PutAsideProgress(0, 0)),
                    async open =>
                    {
                        var client = open(queue);
                        var (done, left) = await client.CountAsync(ct) is null
                            ? (0, 0)
                            : await client.SettleAsync(asked.IsMeant, action == "redrive", AtOnce, Looked, ct);
                        result = string.Create(CultureInfo.InvariantCulture, $"{done} messages; {left} left");
                        return Results.Ok(new PutAsideProgress(done, left));
                    },
                    ct
                );
                return (answer, connections.IsEmbedded ? "0 messages; 0 left" : result);
            }
        );
    }

    private static List<string> NamesOf(Queues queues) =>
        [.. queues.All.SelectMany(queue => ErrorQueueClient.Suffixes.Select(suffix => queue + suffix))];

    private static IResult NoQueue(string? queue, List<string> names) =>
        ApiProblem.Of($"queue is '{queue}': write one of {string.Join(", ", names)}.");

    private static async Task<IResult> WithBrokerAsync(
        Connections connections,
        Func<IResult> embedded,
        Func<Func<string, ErrorQueueClient>, Task<IResult>> act,
        CancellationToken ct
    )
    {
        if (connections.RabbitMq is not { } rabbitMq)
            return embedded();
        try
        {
            await using var connection = await BrokerHost.ConnectAsync(rabbitMq, ct);
            return await act(name => new(connection, name, BrokerHost.UserOf(rabbitMq)));
        }
        catch (BrokerException problem)
        {
            return ApiProblem.Of($"{problem.Message}.", StatusCodes.Status503ServiceUnavailable);
        }
        catch (RabbitMQClientException problem)
        {
            return ApiProblem.Of(
                $"{BrokerProblem.Of(problem, rabbitMq).Text}.",
                StatusCodes.Status503ServiceUnavailable
            );
        }
    }

    /// <summary>The queues that hold something.</summary>
    private sealed record PutAsideAnswer(IReadOnlyList<PutAsideQueue> Queues);

    /// <summary>A queue, and its oldest messages.</summary>
    private sealed record PutAsideQueue(string Queue, uint Count, IReadOnlyList<ErrorQueueMessage> Messages);

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
        All is true
        || Ids?.Contains(message.Id, StringComparer.Ordinal) is true
        || (
            Filter is { } filter
            && (filter.RequestId is null || filter.RequestId == message.RequestId)
            && (filter.Reason is null || message.Reason.Contains(filter.Reason, StringComparison.OrdinalIgnoreCase))
        );
}

/// <summary>What messages must have.</summary>
public sealed record PutAsideFilter(
    Guid? RequestId = null,
    [property: Description("A part of it")] string? Reason = null
);
