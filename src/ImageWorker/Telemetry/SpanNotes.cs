using System.Diagnostics;
using System.Text.Json;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;

namespace ImageWorker.Telemetry;

/// <summary>Notes on spans how their work ended. Does nothing without a span.</summary>
public static class SpanNotes
{
    private const string Outcome = "imageworker.outcome";
    private const string Cost = "imageworker.cost";

    /// <summary>
    /// Notes the type of an exception. Always false, so that an exception filter lets it pass. The exception's message
    /// is left out, because nobody promises what it holds.
    /// </summary>
    public static bool IsFailedBy(this Activity? span, Exception exception)
    {
        span?.Fail(exception.GetType().FullName!);
        return false;
    }

    public static void Note(this Activity? span, UnitOfWork unit)
    {
        if (span is null)
            return;
        if (unit.IsRefusal)
        {
            span.SetTag(Outcome, "refused").Fail("InvalidRequest");
            return;
        }
        span.SetTag(
            Outcome,
            unit switch
            {
                { Request: null } => "ignored",
                { Change: RowChange.None } => "repeated",
                { Request: var request } => request.Outcome() ?? "accepted",
            }
        );
        // A repeated command or a cancellation may come with its own trace.
        if (
            ActivityContext.TryParse(unit.Request?.TraceParent, null, isRemote: true, out var origin)
            && origin.TraceId != span.TraceId
        )
            span.AddLink(new(origin));
    }

    /// <summary>The command of a request that was closed and removed long ago.</summary>
    public static void NoteRemoved(this Activity? span) => span?.SetTag(Outcome, "removed");

    public static void Note(this Activity? span, SubmissionAnswer? answer)
    {
        if (span is null)
            return;
        switch (answer)
        {
            case SubmissionAccepted accepted:
                span.SetTag(Outcome, accepted.IsAdopted ? "adopted" : "accepted")
                    .SetTag(Cost, (double?)accepted.Answer.Cost);
                break;
            case SubmissionRefused refused:
                span.SetTag(Outcome, "refused").Fail(refused.Errors[0].Id);
                break;
            case SubmissionDeferred deferred:
                span.SetTag(Outcome, deferred.InDoubt ? "in_doubt" : "deferred")
                    .Fail(deferred.InDoubt ? "in_doubt" : "deferred", deferred.Reason);
                break;
            case SubmissionWithdrawn:
                span.SetTag(Outcome, "withdrawn");
                break;
            default:
                span.SetTag(Outcome, "settled_before");
                break;
        }
    }

    public static void Note(this Activity? span, CheckOutcome outcome)
    {
        if (span is null)
            return;
        switch (outcome)
        {
            case CheckOutcome.Found { Answer.Images: var images }:
                span.SetTag(Outcome, "found")
                    .SetTag("imageworker.images", images.Count)
                    .SetTag("imageworker.images.ready", images.Count(i => i.Status is GenerationStatus.Generated));
                break;
            case CheckOutcome.NotFound:
                span.SetTag(Outcome, "not_found").Fail("not_found");
                break;
            case CheckOutcome.Refused refused:
                span.SetTag(Outcome, "refused").Fail(refused.Errors[0].Id);
                break;
            case CheckOutcome.Unavailable unavailable:
                span.SetTag(Outcome, "unavailable").Fail("unavailable", unavailable.Reason);
                break;
        }
    }

    /// <summary>Notes how the request ended, if the event closes it.</summary>
    public static void NoteClosing(this Activity span, JsonElement message)
    {
        if (!message.TryGetProperty("cost", out var cost) || !message.TryGetProperty("images", out var images))
            return;
        var isFailed = message.TryGetProperty("reason", out var reason);
        span.SetTag(Outcome, isFailed ? reason.GetString() : RequestOutcome.Ready)
            .SetTag("imageworker.images", images.GetArrayLength())
            .SetTag(
                "imageworker.images.ready",
                images.EnumerateArray().Count(image => image.GetProperty("status").ValueEquals("generated"))
            );
        // Null if it is unknown.
        if (cost.GetProperty("total") is { ValueKind: JsonValueKind.Number } total)
            span.SetTag(Cost, total.GetDouble());
    }

    private static void Fail(this Activity span, string errorType, string? description = null) =>
        span.SetTag("error.type", errorType).SetStatus(ActivityStatusCode.Error, description);
}
