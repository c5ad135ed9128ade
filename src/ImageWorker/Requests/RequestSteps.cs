using ImageWorker.Contracts;
using ImageWorker.Delivery;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;
using MassTransit;
using Microsoft.Extensions.Options;

namespace ImageWorker.Requests;

/// <summary>
/// The conditions and steps that <see cref="RequestStateMachine"/> is made of: each applies the facts to the row and
/// says, as messages, what follows. Here is what time brings about; the conditions, what commands lead to and what ZPK's
/// answers lead to are in files of their own.
/// </summary>
public sealed partial class RequestSteps(
    IOptions<RequestOptions> requestOptions,
    IOptions<ZpkOptions> zpkOptions,
    TimeProvider time,
    WorkerMetrics metrics,
    ILogger<RequestSteps> logger
)
{
    private readonly RequestOptions options = requestOptions.Value;
    private readonly ZpkPrices prices = zpkOptions.Value.Prices;
    private readonly TimeSpan lease = SubmissionLedger.Lease(zpkOptions.Value);

    /// <summary>Whole microseconds, as PostgreSQL keeps them: an event published again is the same to the last digit.</summary>
    private DateTimeOffset Now
    {
        get
        {
            var now = time.GetUtcNow();
            return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        }
    }

    public void StopForDeadline(BehaviorContext<ImageRequest, RequestTick> context)
    {
        var request = context.Saga;
        using var trace = RequestTracing.Resume(request.TraceParent);
        Log.DeadlinePassed(logger, request.CorrelationId);
        NoteLateness(context);
        request.Stop(FailureReason.DeadlineExceeded, Now, options);

        // What is paid for may be ready by now: one last look.
        foreach (var submission in request.Submissions.Where(s => s.State is SubmissionState.Accepted))
        {
            if (!request.ImagesRunningIn(submission).Any())
                continue;
            submission.IsInFinalCheck = true;
            // Once more, should this process die with it.
            submission.NextCheckAt = Now + lease;
            Check(context, submission);
        }
    }

    public void DoWhatIsDue(BehaviorContext<ImageRequest, RequestTick> context)
    {
        var (request, now) = (context.Saga, Now);
        using var trace = RequestTracing.Resume(request.TraceParent);
        NoteLateness(context);

        foreach (var submission in request.Submissions.Where(s => s.NextSubmitAt <= now).ToList())
        {
            submission.State = SubmissionState.Submitting;
            Submit(context, submission);
        }

        foreach (var submission in request.Submissions.Where(s => s.NextCheckAt <= now))
        {
            Check(context, submission);
            submission.WaitingSince = now;
            submission.NextCheckAt = now + options.CheckPatience;
        }

        foreach (var image in request.Images.Where(image => image.ResendAt <= now))
        {
            if (!request.CanAffordResend(prices))
            {
                image.Fail(RequestProgress.BudgetExceeded);
                continue;
            }
            var resend = request.Submit(image.Number);
            Log.Resent(logger, request.CorrelationId, image.Number, resend.Id, image.Attempts);
            context.AfterCommit(metrics.Resent);
            Submit(context, resend);
        }
    }

    public void CheckWhatIsDue(BehaviorContext<ImageRequest, RequestTick> context)
    {
        NoteLateness(context);
        var now = Now;
        foreach (var submission in context.Saga.Submissions.Where(s => s.NextCheckAt <= now))
            Check(context, submission);
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
        request.Close(Now);
        request.Version++;
        Log.Closed(
            logger,
            request.CorrelationId,
            request.Reason?.ToString() ?? "ImagesReady",
            request.Images.GeneratedCount(),
            request.Images.Count,
            request.CostOf(prices).Total,
            request.ClosedAt!.Value - request.RequestedAt
        );
        context.AfterCommit(() => metrics.Closed(request, prices));
        PublishClosingEvent(context);
    }

    /// <summary>The same event under the same message id, however often it is asked for.</summary>
    public void PublishClosingEvent(BehaviorContext<ImageRequest> context)
    {
        var request = context.Saga;
        var messageId = DerivedMessageId.ForClosing(request.CorrelationId);
        if (request.Reason is null)
            Publish(context, request.ReadyEvent(prices), messageId, request.TraceParent);
        else
            Publish(context, request.FailedEvent(prices), messageId, request.TraceParent);
    }

    public void NoteStale(BehaviorContext<ImageRequest, RequestTick> context) =>
        Log.Stale(logger, context.Saga.CorrelationId, context.Message.Version, context.Saga.Version);

    private void Publish<T>(BehaviorContext<ImageRequest> context, T message, Guid messageId, string? traceParent)
        where T : class =>
        context
            .UnitOfWork()
            .Events.Add(OutboxMessage.Event(message, messageId, context.Saga.CorrelationId, Now, traceParent));

    private void NoteLateness(BehaviorContext<ImageRequest> context)
    {
        var late = Now - context.Saga.NextTick();
        context.AfterCommit(() => metrics.Ticked(late));
    }

    /// <summary>Hands the submission on; should that lead to nothing, its lease is over when the timer has it done again.</summary>
    private void Submit(BehaviorContext<ImageRequest> context, ImageSubmission submission)
    {
        var trace = CallTrace.Of(context.Saga, submission, submission.NextSubmitAt);
        submission.WaitingSince = Now;
        submission.NextSubmitAt = Now + lease;
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
                    Trace = CallTrace.Of(context.Saga, submission, submission.NextCheckAt),
                }
            );
}
