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
    WorkerMetrics metrics,
    ILogger<RequestSteps> logger
)
{
    private readonly RequestOptions _options = requestOptions.Value;
    private readonly ZpkPrices _prices = zpkOptions.Value.Prices;
    private readonly TenantOptions _tenants = tenantOptions.Value;
    private readonly TimeSpan _lease = SubmissionLease.Of(zpkOptions.Value);

    public void StopForDeadline(BehaviorContext<ImageRequest, RequestTick> context)
    {
        var (request, now) = (context.Saga, context.Now());
        using var trace = RequestTracing.Resume(request.TraceParent);
        Log.DeadlinePassed(logger, request.CorrelationId);
        NoteLateness(context);
        request.Stop(FailureReason.DeadlineExceeded, now, _options);

        // Paid images may be ready by now: one last look.
        foreach (var submission in request.Submissions.Where(s => s.State is SubmissionState.Accepted))
        {
            if (!request.ImagesRunningIn(submission).Any())
                continue;
            submission.IsInFinalCheck = true;
            // If this process dies with it, the timer repeats it.
            submission.NextCheckAt = now + _lease;
            Check(context, submission);
        }
    }

    /// <summary>Time in which no call could be made does not count: what is paid for may be known right after it.</summary>
    public void ExtendGrace(BehaviorContext<ImageRequest, RequestTick> context)
    {
        var request = context.Saga;
        request.CloseBy = context.Message.HeldBackUntil + _options.ClosingGrace;
        Log.GraceExtended(logger, request.CorrelationId, request.CloseBy!.Value);
    }

    public void DoWhatIsDue(BehaviorContext<ImageRequest, RequestTick> context)
    {
        var (request, now) = (context.Saga, context.Now());
        using var trace = RequestTracing.Resume(request.TraceParent);
        NoteLateness(context);

        foreach (var timer in request.Due(now))
        {
            switch (timer.Kind)
            {
                case TimerKind.Submit:
                    timer.Submission!.State = SubmissionState.Submitting;
                    Submit(context, timer.Submission);
                    break;
                case TimerKind.Check:
                    Check(context, timer.Submission!);
                    timer.Submission!.WaitingSince = now;
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
            Check(context, timer.Submission!);
    }

    public void SetTimer(BehaviorContext<ImageRequest> context)
    {
        context.Saga.NextTickAt = context.Saga.NextTick();
        context.Saga.Version++;
    }

    public void Close(BehaviorContext<ImageRequest> context)
    {
        var request = context.Saga;
        using var trace = RequestTracing.Resume(request.TraceParent);
        request.Close(context.Now());
        request.Version++;
        Log.Closed(
            logger,
            request.CorrelationId,
            request.Reason?.ToString() ?? nameof(ImagesReady),
            request.Images.GeneratedCount(),
            request.Images.Count,
            request.CostOf(_prices).Total,
            request.ClosedAt!.Value - request.RequestedAt
        );
        context.AfterCommit(() => metrics.Closed(request, _prices));
        PublishClosingEvent(context);
    }

    /// <summary>Publishes the same event under the same message id, however often it is asked for.</summary>
    public void PublishClosingEvent(BehaviorContext<ImageRequest> context)
    {
        var request = context.Saga;
        var messageId = DerivedMessageId.ForClosing(request.CorrelationId);
        PublishAnswer(context, request.ClosingEvent(_prices), messageId);
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
        Log.Resent(logger, request.CorrelationId, image.Number, resend.Id, image.Attempts);
        context.AfterCommit(metrics.Resent);
        Submit(context, resend);
    }

    /// <summary>Publishes an event that answers the request's own command.</summary>
    private static void PublishAnswer(BehaviorContext<ImageRequest> context, object message, Guid messageId)
    {
        var request = context.Saga;
        Publish(context, message, messageId, request.TraceParent, CommandFingerprint.Of(request.Command!));
    }

    private static void Publish(
        BehaviorContext<ImageRequest> context,
        object message,
        Guid messageId,
        string? traceParent,
        string fingerprint
    )
    {
        var (unit, id) = (context.UnitOfWork(), context.Saga.CorrelationId);
        unit.Events.Add(OutboxMessage.Event(message, messageId, id, unit.Now, traceParent, fingerprint));
    }

    private void NoteLateness(BehaviorContext<ImageRequest> context)
    {
        var late = context.Now() - context.Saga.NextTick();
        context.AfterCommit(() => metrics.Ticked(late));
    }

    /// <summary>Hands the submission on. If the call is lost, the timer repeats it after the lease.</summary>
    private void Submit(BehaviorContext<ImageRequest> context, ImageSubmission submission)
    {
        var trace = RequestTracing.Of(context.Saga, submission, submission.NextSubmitAt);
        submission.WaitingSince = context.Now();
        submission.NextSubmitAt = context.Now() + _lease;
        context
            .UnitOfWork()
            .Work.Add(
                new SubmitImages(
                    context.Saga.CorrelationId,
                    submission.Id,
                    submission.ImageNumbers.Count,
                    context.Saga.Command!
                )
                {
                    IsStopped = context.Saga.CloseBy is not null,
                    Trace = trace,
                }
            );
    }

    private static void Check(BehaviorContext<ImageRequest> context, ImageSubmission submission) =>
        context
            .UnitOfWork()
            .Work.Add(
                new CheckImages(context.Saga.CorrelationId, submission.Id, submission.ProviderId!)
                {
                    IsFinal = submission.IsInFinalCheck,
                    Trace = RequestTracing.Of(context.Saga, submission, submission.NextCheckAt),
                }
            );
}
