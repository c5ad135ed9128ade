using System.Diagnostics;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;
using MassTransit;
using Microsoft.Extensions.Options;

namespace ImageWorker.Saga;

/// <summary>
/// The guards and steps of <see cref="RequestStateMachine"/>. A step changes the row and adds the messages that follow.
/// This file holds the steps that follow from time. Other files hold the guards, the steps for commands and those for
/// answers.
/// </summary>
public sealed partial class RequestSteps(
    IOptions<RequestOptions> requestOptions,
    IOptions<ZpkOptions> zpkOptions,
    IOptions<TenantOptions> tenantOptions,
    SearchableMetadata searchable,
    WorkerMetrics metrics,
    ILogger<RequestSteps> logger
)
{
    private readonly RequestOptions _options = requestOptions.Value;
    private readonly ZpkPrices _prices = zpkOptions.Value.Prices;
    private readonly TenantOptions _tenants = tenantOptions.Value;
    private readonly TimeSpan _lease = SubmissionLease.Of(zpkOptions.Value);
    private readonly TimeSpan _callLease = SubmissionLease.OfCall(zpkOptions.Value);

    public void StopForDeadline(BehaviorContext<ImageRequest, RequestTick> context)
    {
        var (request, now) = (context.Saga, context.Now());
        NoteLateness(context);
        context.AfterCommit(() =>
        {
            Activity.Current.NoteDeadline();
            Log.DeadlinePassed(logger, request.CorrelationId);
        });
        var due = request
            .Submissions.Where(submission => submission.NextCheckAt <= now)
            .ToDictionary(submission => submission, submission => submission.WaitForCheck());
        Stop(context, FailureReason.DeadlineExceeded, RequestWait.Deadline);

        // Paid images may be ready by now: one last look.
        foreach (var submission in request.Submissions.Where(s => s.State is SubmissionState.Accepted))
        {
            if (!request.ImagesRunningIn(submission).Any())
                continue;
            submission.IsInFinalCheck = true;
            // If this process dies with it, the timer repeats it.
            submission.NextCheckAt = now + _lease;
            (submission.WaitingSince, submission.HurriedBy) = (now, null);
            Check(context, submission, due.GetValueOrDefault(submission));
        }
    }

    /// <summary>Time in which no call could be made does not count: what is paid for may be known right after it.</summary>
    public void ExtendGrace(BehaviorContext<ImageRequest, RequestTick> context)
    {
        var request = context.Saga;
        request.CloseBy = context.Message.HeldBackUntil + _options.ClosingGrace;
        context.AfterCommit(() => Log.GraceExtended(logger, request.CorrelationId, request.CloseBy!.Value));
    }

    public void DoWhatIsDue(BehaviorContext<ImageRequest, RequestTick> context)
    {
        var (request, now) = (context.Saga, context.Now());
        NoteLateness(context);

        foreach (var timer in request.Due(now))
        {
            switch (timer.Kind)
            {
                case TimerKind.Submit:
                    var waited =
                        timer.Submission!.State is SubmissionState.Deferred ? RequestWait.Retry : RequestWait.Answer;
                    timer.Submission.State = SubmissionState.Submitting;
                    Submit(context, timer.Submission, waited);
                    break;
                case TimerKind.Check:
                    Check(context, timer.Submission!, timer.Submission!.WaitForCheck());
                    (timer.Submission!.WaitingSince, timer.Submission.HurriedBy) = (now, null);
                    timer.MoveTo(now + _options.CheckPatience);
                    break;
                case TimerKind.Resend:
                    Resend(context, timer.Image!);
                    break;
            }
        }
    }

    public void CheckWhatIsDue(BehaviorContext<ImageRequest, RequestTick> context)
    {
        NoteLateness(context);
        foreach (var timer in context.Saga.Due(context.Now()))
            Check(context, timer.Submission!, timer.Submission!.WaitForCheck());
    }

    public void SetTimer(BehaviorContext<ImageRequest> context)
    {
        context.Saga.NextTickAt = context.Saga.NextTick();
        context.Saga.Version++;
    }

    public void Close(BehaviorContext<ImageRequest> context)
    {
        var (request, now) = (context.Saga, context.Now());
        EndWaits(context, RequestWait.Closing);
        request.Close(now);
        request.Version++;
        context.UnitOfWork().Closed = ClosedCost.Of(request);
        context.AfterCommit(() =>
        {
            metrics.Closed(request, _prices);
            Log.Closed(
                logger,
                request.CorrelationId,
                request.Reason?.ToString() ?? nameof(ImagesReady),
                request.Images.GeneratedCount(),
                request.Images.Count,
                request.CostOf(_prices).Total,
                (request.ClosedAt!.Value - request.RequestedAt).TotalSeconds
            );
        });
        PublishClosingEvent(context, request.Askers ?? []);
        Post(context, request.Command?.Tenant, request.ClosingEvent(_prices));
    }

    /// <summary>Publishes the same event under the same message id, however often it is asked for.</summary>
    public void PublishClosingEvent(BehaviorContext<ImageRequest> context) => PublishClosingEvent(context, []);

    private void PublishClosingEvent(BehaviorContext<ImageRequest> context, IReadOnlyList<Asker> askers)
    {
        var request = context.Saga;
        var messageId = DerivedMessageId.ForClosing(request.CorrelationId);
        PublishAnswer(context, request.ClosingEvent(_prices), messageId, askers);
    }

    public void NoteStale(BehaviorContext<ImageRequest, RequestTick> context) =>
        Log.Stale(logger, context.Saga.CorrelationId, context.Message.Version, context.Saga.Version);

    private void Resend(BehaviorContext<ImageRequest> context, RequestImage image)
    {
        var request = context.Saga;
        if (!request.CanAffordResend(_prices))
        {
            image.Fail(ErrorIds.BudgetExceeded);
            return;
        }
        var resend = request.Submit(image.Number);
        context.AfterCommit(() =>
        {
            metrics.Resent();
            Log.Resent(logger, request.CorrelationId, image.Number, resend.Id, image.Attempts);
        });
        Submit(context, resend, RequestWait.Resend);
    }

    private void Stop(BehaviorContext<ImageRequest> context, FailureReason reason, string cause)
    {
        EndWaits(context, cause);
        context.Saga.Stop(reason, context.Now(), _options);
    }

    /// <summary>Shows in the trace that what the request waits for is not waited for any more.</summary>
    private static void EndWaits(BehaviorContext<ImageRequest> context, string by)
    {
        var (request, now) = (context.Saga, context.Now());
        if (RequestTracing.OpenWaits(request, now) is { Count: > 0 } waits)
            context.AfterCommit(() => RequestTracing.EndWaits(request, waits, by, now));
    }

    /// <summary>Publishes an event that answers the request's own command.</summary>
    private static void PublishAnswer(
        BehaviorContext<ImageRequest> context,
        object message,
        Guid messageId,
        params IReadOnlyList<Asker> askers
    )
    {
        var request = context.Saga;
        var trace = (request.TraceParent, request.TraceState);
        Publish(context, message, messageId, trace, CommandFingerprint.Of(request.Command!), askers);
    }

    /// <summary>Publishes an event, and sends it to those who asked for it besides.</summary>
    private static void Publish(
        BehaviorContext<ImageRequest> context,
        object message,
        Guid messageId,
        (string? Parent, string? State) trace,
        string fingerprint,
        IReadOnlyList<Asker> askers
    )
    {
        var (unit, id) = (context.UnitOfWork(), context.Saga.CorrelationId);
        foreach (var asker in askers.Prepend(null))
        {
            var @event = OutboxMessage.Event(message, messageId, id, unit.Now, trace.Parent, fingerprint, asker);
            @event.TraceState = trace.State;
            unit.Events.Add(@event);
        }
    }

    /// <summary>Has the event that was just published posted too, if its tenant has a webhook.</summary>
    private void Post(BehaviorContext<ImageRequest> context, string? tenant, object message)
    {
        var unit = context.UnitOfWork();
        if (_tenants.WebhookOf(tenant) is not null)
            unit.Events.Add(OutboxMessage.Webhook(message, unit.Events[^1], tenant!, unit.Now));
    }

    private void NoteLateness(BehaviorContext<ImageRequest> context)
    {
        var late = context.Now() - context.Saga.NextTick();
        context.AfterCommit(() => metrics.Ticked(late));
    }

    /// <summary>Hands the submission on, after a wait. If the call is lost, the timer has it looked up.</summary>
    private void Submit(BehaviorContext<ImageRequest> context, ImageSubmission submission, string waited)
    {
        var wait = context.Saga.WaitForCall(submission, waited, submission.NextSubmitAt);
        var trace = RequestTracing.Of(context.Saga, submission, wait);
        (submission.WaitingSince, submission.HurriedBy) = (context.Now(), null);
        submission.NextSubmitAt = context.Now() + _callLease;
        context.UnitOfWork().Work.Add(SubmitImages.For(context.Saga, submission, trace));
    }

    private static void Check(BehaviorContext<ImageRequest> context, ImageSubmission submission, RequestWait? wait) =>
        context
            .UnitOfWork()
            .Work.Add(
                new CheckImages(context.Saga.CorrelationId, submission.Id, submission.ProviderId!)
                {
                    IsFinal = submission.IsInFinalCheck,
                    Trace = RequestTracing.Of(context.Saga, submission, wait),
                }
            );
}
