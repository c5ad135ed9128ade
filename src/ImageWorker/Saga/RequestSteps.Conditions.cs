using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using MassTransit;

namespace ImageWorker.Saga;

/// <content>
/// What an event has to be like for a step to follow. Each step has one verdict on its event, made once, at the one time
/// that the step goes by: guards that looked for themselves could all say no.
/// </content>
public sealed partial class RequestSteps
{
    public bool IsFaulty(BehaviorContext<ImageRequest, GenerateAsked> context) => VerdictOn(context).Faults.Count > 0;

    public bool IsNotFaulty(BehaviorContext<ImageRequest, GenerateAsked> context) => !IsFaulty(context);

    public bool IsOverBudget(BehaviorContext<ImageRequest, GenerateAsked> context) =>
        IsNotFaulty(context) && VerdictOn(context).IsOverBudget;

    public bool IsGood(BehaviorContext<ImageRequest, GenerateAsked> context) =>
        IsNotFaulty(context) && !VerdictOn(context).IsOverBudget;

    public bool IsSameCommand(BehaviorContext<ImageRequest, GenerateAsked> context) => VerdictOn(context).IsRepeat;

    public bool IsAnotherCommand(BehaviorContext<ImageRequest, GenerateAsked> context) => !IsSameCommand(context);

    public bool NamesRequest(BehaviorContext<ImageRequest, CancelAsked> context) =>
        context.Message.RequestId != Guid.Empty;

    public bool NamesNoRequest(BehaviorContext<ImageRequest, CancelAsked> context) => !NamesRequest(context);

    public bool IsCheckable(BehaviorContext<ImageRequest, CallbackReceived> context) =>
        context.Saga.FindSubmission(context.Message.SubmissionId)
            is { State: SubmissionState.Accepted, NextCheckAt: not null };

    /// <summary>The guard of what a tick leads to.</summary>
    public StateMachineCondition<ImageRequest, RequestTick> Finds(TickVerdict verdict) =>
        context => VerdictOn(context) == verdict;

    private static TickVerdict VerdictOn(BehaviorContext<ImageRequest, RequestTick> context)
    {
        var unit = context.UnitOfWork();
        return (TickVerdict)(unit.Verdict ??= context.Saga.VerdictOn(context.Message.Version, unit.Now));
    }

    private CommandVerdict VerdictOn(BehaviorContext<ImageRequest, GenerateAsked> context)
    {
        var command = context.Message.Command;
        return (CommandVerdict)(
            context.UnitOfWork().Verdict ??= new CommandVerdict(
                CommandRules.FaultsOf(command),
                command.IsOverBudget(_prices),
                context.Saga.Command?.AsksTheSameAs(command) == true
            )
        );
    }

    /// <summary>What a command is.</summary>
    /// <param name="Faults">The rules that it breaks.</param>
    /// <param name="IsOverBudget">True where its images would cost more than it allows, or nobody knows what.</param>
    /// <param name="IsRepeat">True where its request has the same command already.</param>
    private sealed record CommandVerdict(IReadOnlyList<RequestError> Faults, bool IsOverBudget, bool IsRepeat);
}
