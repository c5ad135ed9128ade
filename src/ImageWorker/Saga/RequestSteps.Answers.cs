using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using MassTransit;

namespace ImageWorker.Saga;

/// <content>The steps that follow from ZPK's answers and callbacks.</content>
public sealed partial class RequestSteps
{
    public void RecordAccepted(BehaviorContext<ImageRequest, SubmissionAccepted> context)
    {
        var (request, message) = (context.Saga, context.Message);
        // A submission has one answer; any other is a repeat of it.
        if (request.FindSubmission(message.SubmissionId) is not { State: not SubmissionState.Accepted } submission)
            return;

        request.Accept(submission, message.Answer.UniqueRequestId);
        Record(context, submission, message.Answer, message.AnsweredAt);
        context.AfterCommit(() =>
        {
            if (message.IsAdopted)
                Log.Adopted(logger, request.CorrelationId, submission.Id);
            Log.Submitted(
                logger,
                request.CorrelationId,
                submission.ProviderId,
                submission.ImageNumbers.Count,
                submission.Cost,
                submission.NextCheckAt
            );
        });
    }

    public void RecordRefused(BehaviorContext<ImageRequest, SubmissionRefused> context)
    {
        var (request, message) = (context.Saga, context.Message);
        var submission = request.FindSubmission(message.SubmissionId);
        if (submission is not { State: SubmissionState.Submitting or SubmissionState.Deferred })
            return;

        request.Errors.AddRange(message.Errors.Select(error => new RequestError(error.Id, error.Message, error.On)));
        request.Reject(submission, SubmissionState.Refused, message.Errors[0].Id);
        context.AfterCommit(() =>
            Log.Refused(
                logger,
                request.CorrelationId,
                submission.Id,
                string.Join("; ", message.Errors.Select(e => $"{e.Id} {e.Message}"))
            )
        );
    }

    public void RecordDeferred(BehaviorContext<ImageRequest, SubmissionDeferred> context)
    {
        var (request, message) = (context.Saga, context.Message);
        if (request.FindSubmission(message.SubmissionId) is not { State: SubmissionState.Submitting } submission)
            return;

        submission.State = SubmissionState.Deferred;
        submission.InDoubt = message.InDoubt;
        submission.Problem = message.Reason;
        submission.NextSubmitAt =
            message.IsHeldBack || message.IsTooEarly
                ? message.NotBefore
                : submission.BackOff(context.Now(), message.NotBefore, _options);
        if (request.CloseBy is not null && !message.InDoubt)
            submission.AskTheLedger(context.Now());
        context.AfterCommit(() =>
        {
            if (message.IsHeldBack)
                Log.HeldBack(logger, request.CorrelationId, submission.Id, submission.NextSubmitAt);
            else if (message.IsTooEarly)
                Log.NotListed(logger, request.CorrelationId, submission.Id, submission.NextSubmitAt);
            else
                Log.Deferred(logger, request.CorrelationId, submission.Id, message.Reason, submission.NextSubmitAt);
        });
    }

    public void RecordWithdrawn(BehaviorContext<ImageRequest, SubmissionWithdrawn> context)
    {
        var request = context.Saga;
        var submission = request.FindSubmission(context.Message.SubmissionId);
        // An accepted submission stays accepted and paid, even while its last check is under way.
        if (submission is { IsOutstanding: true, State: not SubmissionState.Accepted })
            request.Reject(submission, SubmissionState.NotSent, request.StopErrorId());
    }

    public void RecordChecked(BehaviorContext<ImageRequest, ImagesChecked> context)
    {
        var (request, message) = (context.Saga, context.Message);
        if (request.FindSubmission(message.SubmissionId) is not { State: SubmissionState.Accepted } submission)
            return;

        var isCalledBack = submission.IsCalledBackInCheck;
        submission.IsCalledBackInCheck = false;
        submission.CheckedAt = message.AnsweredAt;
        submission.Problem = message.Reason;
        if (submission.IsInFinalCheck)
        {
            submission.IsInFinalCheck = false;
            submission.NextCheckAt = null;
        }
        if (message.Answer is { } answer)
        {
            Record(context, submission, answer, message.AnsweredAt);
            if (isCalledBack)
                request.PullCheckForward(submission, context.Now());
            context.AfterCommit(() =>
            {
                var (id, total) = (request.CorrelationId, request.Images.Count);
                var generated = request.Images.GeneratedCount();
                if (submission.NextCheckAt is { } next)
                    Log.CheckedAndWaits(logger, id, submission.ProviderId, generated, total, next);
                else
                    Log.Checked(logger, id, submission.ProviderId, generated, total);
            });
        }
        else if (request.CloseBy is null)
        {
            submission.NextCheckAt = submission.BackOff(context.Now(), message.NotBefore, _options);
            context.AfterCommit(() =>
                Log.CheckFailed(
                    logger,
                    request.CorrelationId,
                    submission.ProviderId,
                    message.Reason,
                    submission.NextCheckAt
                )
            );
        }
    }

    public void PullCheckForward(BehaviorContext<ImageRequest, CallbackReceived> context)
    {
        var (request, now) = (context.Saga, context.Now());
        var submission = request.FindSubmission(context.Message.SubmissionId)!;
        if (submission.NextCheckAt <= now)
            submission.IsCalledBackInCheck = true;
        else
            request.PullCheckForward(submission, now);
    }

    public void NoteLateAcceptance(BehaviorContext<ImageRequest, SubmissionAccepted> context)
    {
        var (request, message) = (context.Saga, context.Message);
        context.AfterCommit(() =>
            Log.AcceptedLate(logger, request.CorrelationId, message.SubmissionId, message.Answer.Cost)
        );
    }

    public void NoteMissing(ConsumeContext context) =>
        Log.Missing(logger, context.CorrelationId, context.SupportedMessageTypes.FirstOrDefault());

    private void Record(
        BehaviorContext<ImageRequest> context,
        ImageSubmission submission,
        ZpkAnswer answer,
        DateTimeOffset answeredAt
    )
    {
        var (request, now) = (context.Saga, context.Now());
        var generated = request.Record(submission, answer);

        if (request.CloseBy is null)
        {
            request.ScheduleCheck(submission, answer, answeredAt, _options);
            foreach (var image in request.Images.Where(i => i is { State: ImageState.WaitingToResend, ResendAt: null }))
            {
                if (image.Attempts > _options.MaxResends)
                    image.Fail(ErrorIds.GeneralError);
                else
                    (image.WaitingSince, image.ResendAt) = (now, image.ResendTime(now, _options));
            }
        }

        if (request.Command is { Progress: true } command)
        {
            foreach (var image in generated)
                PublishAnswer(
                    context,
                    new ImageGenerated
                    {
                        RequestId = request.CorrelationId,
                        Number = image.Number,
                        Url = image.Url!,
                        Tenant = command.Tenant,
                        Metadata = command.Metadata,
                    },
                    DerivedMessageId.ForImage(request.CorrelationId, image.Number)
                );
        }
    }
}
