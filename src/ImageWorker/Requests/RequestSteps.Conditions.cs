using ImageWorker.Contracts;
using MassTransit;

namespace ImageWorker.Requests;

/// <content>What an event has to be like for a step to follow.</content>
public sealed partial class RequestSteps
{
    public bool IsFaulty(BehaviorContext<ImageRequest, GenerateImages> context) =>
        CommandRules.FaultsOf(context.Message).Count > 0;

    public bool IsNotFaulty(BehaviorContext<ImageRequest, GenerateImages> context) => !IsFaulty(context);

    public bool IsOverBudget(BehaviorContext<ImageRequest, GenerateImages> context) =>
        IsNotFaulty(context)
        && context.Message is { MaxCost: { } budget } command
        && !(command.Estimate(prices, command.Count) <= budget);

    public bool IsGood(BehaviorContext<ImageRequest, GenerateImages> context) =>
        IsNotFaulty(context) && !IsOverBudget(context);

    public bool IsSameCommand(BehaviorContext<ImageRequest, GenerateImages> context) =>
        context.Saga.Command?.AsksTheSameAs(context.Message) == true;

    public bool IsAnotherCommand(BehaviorContext<ImageRequest, GenerateImages> context) => !IsSameCommand(context);

    public bool NamesRequest(BehaviorContext<ImageRequest, CancelImages> context) =>
        context.Message.RequestId != Guid.Empty;

    public bool NamesNoRequest(BehaviorContext<ImageRequest, CancelImages> context) => !NamesRequest(context);

    public bool IsStale(BehaviorContext<ImageRequest, RequestTick> context) =>
        context.Message.Version != context.Saga.Version;

    public bool IsPastDeadline(BehaviorContext<ImageRequest, RequestTick> context) =>
        !IsStale(context) && Now >= context.Saga.Deadline;

    /// <summary>Whether checks are due, and nothing else.</summary>
    public bool IsTimeToCheck(BehaviorContext<ImageRequest, RequestTick> context)
    {
        var (request, now) = (context.Saga, Now);
        return !IsStale(context)
            && now < request.Deadline
            && request.Submissions.Exists(submission => submission.NextCheckAt <= now)
            && !request.Submissions.Exists(submission => submission.NextSubmitAt <= now)
            && !request.Images.Exists(image => image.ResendAt <= now);
    }

    public bool IsInTime(BehaviorContext<ImageRequest, RequestTick> context) =>
        !IsStale(context) && Now < context.Saga.Deadline && !IsTimeToCheck(context);

    public bool IsPastGrace(BehaviorContext<ImageRequest, RequestTick> context) =>
        !IsStale(context) && Now >= context.Saga.CloseBy;

    public bool IsInGrace(BehaviorContext<ImageRequest, RequestTick> context) =>
        !IsStale(context) && Now < context.Saga.CloseBy;

    public bool IsCheckable(BehaviorContext<ImageRequest, CallbackReceived> context) =>
        context.Saga.FindSubmission(context.Message.SubmissionId)
            is { State: SubmissionState.Accepted, NextCheckAt: not null };
}
