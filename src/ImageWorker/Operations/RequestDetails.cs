using System.Diagnostics;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations;

/// <summary>All that is stored of one request, and how it is shown; never its prompt.</summary>
/// <param name="Request">Its row.</param>
/// <param name="Ledger">Its rows in the payment ledger, the oldest first.</param>
/// <param name="Undelivered">The message ids of its events that are not delivered yet.</param>
/// <param name="Turn">When its first turn may come; null if it does not wait for it.</param>
public sealed record RequestDetails(
    ImageRequest Request,
    IReadOnlyList<SubmissionEntry> Ledger,
    IReadOnlyList<Guid> Undelivered,
    TurnForecast? Turn = null
)
{
    /// <summary>For people.</summary>
    public string State => Turn is null ? Request.State : RequestTurns.Waiting;

    /// <summary>Null while it is open.</summary>
    public string? Outcome => Request.Outcome();

    /// <summary>EUR so far; null where any part is unknown.</summary>
    public decimal? Cost => Request.Submissions.CostSoFar();

    public IReadOnlyList<TimelineEntry> Timeline => RequestTimeline.Of(Request, Ledger);

    /// <summary>What was published about it.</summary>
    public IReadOnlyList<RequestEvent> Events =>
        [
            .. Request
                .Images.Where(image => Request.Command is { Progress: true } && image.State is ImageState.Generated)
                .Select(image => EventOf(nameof(ImageGenerated), DerivedMessageId.ForImage(Id, image.Number), null)),
            .. Request.ClosedAt is { } closedAt
                ?
                [
                    EventOf(
                        Request.Reason is null ? nameof(ImagesReady) : nameof(ImagesFailed),
                        DerivedMessageId.ForClosing(Id),
                        closedAt
                    ),
                ]
                : Array.Empty<RequestEvent>(),
        ];

    /// <summary>What it waits for, one sentence each; none once it is closed.</summary>
    public IReadOnlyList<string> WaitsFor =>
        Turn is { } turn
            ? [turn.Say(Request.Tenant)]
            :
            [
                .. Request
                    .Timers()
                    .OrderBy(timer => timer.At)
                    .Select(timer => $"{timer.What} at {Readable.Time(timer.At)}"),
            ];

    /// <summary>The id of its trace; null if nobody traced.</summary>
    public string? TraceId =>
        ActivityContext.TryParse(Request.TraceParent, null, out var trace) ? trace.TraceId.ToHexString() : null;

    private Guid Id => Request.CorrelationId;

    /// <summary>Everything that is stored but the prompt, which belongs to the caller; for <c>--json</c> and for the API.</summary>
    public object AsJson() =>
        new
        {
            id = Id,
            State,
            Outcome,
            Request.Tenant,
            priority = Request.Priority.Word(),
            Request.RequestedAt,
            Request.Deadline,
            dueAt = Turn is null ? Request.NextTickAt : null,
            Request.WaitingSince,
            Turn,
            WaitsFor,
            Request.ClosedAt,
            Cost,
            Request.Command?.Metadata,
            Request.Errors,
            Request.Warnings,
            Request.Images,
            Request.Submissions,
            Request.Webhook,
            Ledger,
            Timeline,
            Events,
            TraceId,
        };

    private RequestEvent EventOf(string name, Guid messageId, DateTimeOffset? at) =>
        new(name, messageId, at, !Undelivered.Contains(messageId));

    /// <summary>Null if it never came, or its retention is over.</summary>
    public static async Task<RequestDetails?> FindAsync(
        WorkerContext db,
        Guid id,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        if (await db.Requests.AsNoTracking().FirstOrDefaultAsync(r => r.CorrelationId == id, ct) is not { } request)
            return null;
        var ledger = db.Submissions.AsNoTracking().Where(entry => entry.RequestId == id);
        return new(
            request,
            await ledger.OrderBy(entry => entry.StartedAt).ToListAsync(ct),
            await db
                .Outbox.Where(message => message.CorrelationId == id)
                .Select(message => message.MessageId)
                .ToListAsync(ct),
            await TurnForecast.OfAsync(db, request, now, ct)
        );
    }

    /// <summary>The text for an id that is not found.</summary>
    public static string Unknown(Guid id) => $"there is no request {id}: it never came, or its retention is over.";

    /// <summary>The tables to show. The first column names each row.</summary>
    public IEnumerable<DetailsTable> Tables()
    {
        DetailsTable[] all =
        [
            new("Timeline", ["When", "What"], [.. Timeline.Select(e => (string[])[Readable.Time(e.At), e.What])]),
            new(
                "Images",
                ["Image", "State", "Attempts", "Cost, EUR", "Error", "Picture"],
                [
                    .. Request.Images.Select(image =>
                        (string[])
                            [
                                $"image {image.Number}",
                                $"{image.State}",
                                $"{image.Attempts}",
                                Readable.Cost(Request.CostOf(image)),
                                image.ErrorId ?? "",
                                image.Url ?? "",
                            ]
                    ),
                ]
            ),
            new(
                "Ledger",
                ["Submission", "State", "Started", "Settled", "Calls", "Cost, EUR", "ZPK's id"],
                [
                    .. Ledger.Select(entry =>
                        (string[])
                            [
                                $"ledger {entry.Id}",
                                $"{entry.State}",
                                Readable.Time(entry.StartedAt),
                                Readable.Time(entry.State is LedgerState.Started ? null : entry.SettledAt),
                                $"{entry.Calls}",
                                Readable.Cost(entry.Cost),
                                entry.ProviderId ?? "",
                            ]
                    ),
                ]
            ),
            new(
                "Webhook",
                ["Webhook", "Tries", "Answer", "Last", "Next"],
                [
                    .. new[] { Request.Webhook }
                        .OfType<WebhookOutcome>()
                        .Select(post =>
                            (string[])
                                [
                                    $"{post.State}",
                                    $"{post.Tries}",
                                    post.Answer,
                                    Readable.Time(post.At),
                                    Readable.Time(post.NextAt),
                                ]
                        ),
                ]
            ),
            new(
                "Events",
                ["Event", "Published", "Message id", "State"],
                [
                    .. Events.Select(told =>
                        (string[])
                            [
                                told.Name,
                                Readable.Time(told.At),
                                $"{told.MessageId}",
                                told.IsDelivered ? "delivered" : "waits for the broker",
                            ]
                    ),
                ]
            ),
            new(
                "Metadata",
                ["Key", "Value"],
                [
                    .. (Request.Command?.Metadata ?? new Dictionary<string, string>(StringComparer.Ordinal)).Select(
                        entry => (string[])[entry.Key, entry.Value]
                    ),
                ]
            ),
            new(
                "Errors",
                ["Error", "On", "Message"],
                [.. Request.Errors.Select(error => (string[])[error.Id, error.On ?? "", error.Message])]
            ),
            new(
                "Warnings",
                ["Warning", "On", "Message"],
                [
                    .. (Request.Warnings ?? []).Select(warning =>
                        (string[])[warning.Id, warning.On ?? "", warning.Message]
                    ),
                ]
            ),
        ];
        return all.Where(table => table.Rows.Count > 0)
            .Select(table =>
                table with
                {
                    Rows = [.. table.Rows.Select(row => row.Select(cell => ShownText.Of(cell)).ToList())],
                }
            );
    }
}

/// <summary>One table of what is shown of a request.</summary>
public sealed record DetailsTable(
    string Title,
    IReadOnlyList<string> Columns,
    IReadOnlyList<IReadOnlyList<string>> Rows
);

/// <summary>An event about a request.</summary>
/// <param name="Name">Its type.</param>
/// <param name="MessageId">Its id, the same with each repeat.</param>
/// <param name="At">When it was committed; null where no time was noted.</param>
/// <param name="IsDelivered">Whether the broker has confirmed it.</param>
public sealed record RequestEvent(string Name, Guid MessageId, DateTimeOffset? At, bool IsDelivered);
