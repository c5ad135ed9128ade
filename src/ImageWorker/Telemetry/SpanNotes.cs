using System.Diagnostics;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;

namespace ImageWorker.Telemetry;

/// <summary>Notes on spans how their work ended. Does nothing without a span.</summary>
public static class SpanNotes
{
    private const string Outcome = "imageworker.outcome";
    private const string Cost = "imageworker.cost";
    private const string ErrorType = "error.type";

    /// <summary>
    /// Notes the type of an exception. Always false, so that an exception filter lets it pass. The exception's message
    /// is left out, because nobody promises what it holds.
    /// </summary>
    public static bool IsFailedBy(this Activity? span, Exception exception)
    {
        span.Fail(exception);
        return false;
    }

    /// <summary>Notes the type of an exception.</summary>
    public static void Fail(this Activity? span, Exception exception) => span?.Fail(exception.GetType().FullName!);

    public static void Note(this Activity? span, UnitOfWork unit)
    {
        if (span is null)
            return;
        if (unit.IsRefusal)
        {
            span.SetTag(Outcome, "refused").Note(FailureReason.InvalidRequest);
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
                span.SetTag(Outcome, "refused").Note(refused.Errors[0]);
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

    /// <summary>
    /// The call was only put off, so it has not failed, unless ZPK refused our credentials or our account: the error's id.
    /// </summary>
    public static void NoteHeldBack(this Activity? span, string? errorId)
    {
        span?.SetTag(Outcome, "deferred");
        if (errorId is not null)
            span?.Fail(errorId);
    }

    /// <summary>A request's time was over before it was done.</summary>
    public static void NoteDeadline(this Activity? span) =>
        span?.SetTag(Outcome, nameof(FailureReason.DeadlineExceeded)).Note(FailureReason.DeadlineExceeded);

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
                span.SetTag(Outcome, "refused").Note(refused.Errors[0]);
                break;
            case CheckOutcome.Unavailable { IsRateLimited: true } or CheckOutcome.Unavailable { IsHeldBack: true }:
                span.SetTag(Outcome, "unavailable");
                break;
            case CheckOutcome.Unavailable unavailable:
                span.SetTag(Outcome, "unavailable").Fail("unavailable", unavailable.Reason);
                break;
        }
    }

    /// <summary>Notes a paid call by OpenTelemetry's conventions for generative AI, which are in development.</summary>
    public static void NoteGenAi(this Activity? span, string model) =>
        span
            ?.SetTag("gen_ai.operation.name", "generate_content")
            .SetTag("gen_ai.provider.name", "zpk")
            .SetTag("gen_ai.request.model", model)
            .SetTag("gen_ai.output.type", "image");

    /// <summary>Notes how the request ended, if the event closes it.</summary>
    public static void NoteClosing(this Activity span, JsonElement message)
    {
        if (!message.TryGetProperty("cost", out var cost) || !message.TryGetProperty("images", out var images))
            return;
        var reason = message.TryGetProperty("reason", out var said) ? said.GetString() : null;
        if (Enum.TryParse<FailureReason>(reason, out var failure))
            span.Note(failure);
        span.SetTag(Outcome, reason ?? RequestOutcome.Ready)
            .SetTag("imageworker.images", images.GetArrayLength())
            .SetTag(
                "imageworker.images.ready",
                images.EnumerateArray().Count(image => image.GetProperty("status").ValueEquals("generated"))
            );
        // Null if it is unknown.
        if (cost.GetProperty("total") is { ValueKind: JsonValueKind.Number } total)
            span.SetTag(Cost, total.GetDouble());
    }

    /// <summary>Notes why a request failed: an error, unless the fault is its caller's.</summary>
    private static void Note(this Activity span, FailureReason reason)
    {
        if (reason.IsCallers())
            span.SetTag(ErrorType, $"{reason}");
        else
            span.Fail($"{reason}");
    }

    private static void Note(this Activity span, ZpkError error)
    {
        if (ErrorIds.ReasonOf([error.Id])!.Value.IsCallers())
            span.SetTag(ErrorType, error.Id);
        else
            span.Fail(error.Id);
    }

    private static void Fail(this Activity span, string errorType, string? description = null) =>
        span.SetTag(ErrorType, errorType).SetStatus(ActivityStatusCode.Error, description);
}
