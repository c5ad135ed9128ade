using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations;

/// <summary>All that is stored of one request, and how it is shown; never its prompt.</summary>
/// <param name="Request">Its row.</param>
/// <param name="Ledger">Its rows in the payment ledger, the oldest first.</param>
/// <param name="Turn">When its first turn may come; null if it does not wait for it.</param>
public sealed record RequestDetails(
    ImageRequest Request,
    IReadOnlyList<SubmissionEntry> Ledger,
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
                                Readable.Time(entry.SettledAt),
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
