using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using MassTransit;

namespace ImageWorker.Saga;

/// <content>
/// The guards of the steps. Each step makes one verdict on its event, once, at the step's one time. If each guard
/// looked for itself, all of them could say no.
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

    /// <summary>The guard for a tick with this verdict.</summary>
    public StateMachineCondition<ImageRequest, RequestTick> Finds(TickVerdict verdict) =>
        context => VerdictOn(context) == verdict;

    private static TickVerdict VerdictOn(BehaviorContext<ImageRequest, RequestTick> context)
    {
        var unit = context.UnitOfWork();
        return (TickVerdict)(unit.Verdict ??= context.Saga.VerdictOn(context.Message, unit.Now));
    }

    private CommandVerdict VerdictOn(BehaviorContext<ImageRequest, GenerateAsked> context)
    {
        var (asked, command) = (context.Message, context.Message.Command);
        return (CommandVerdict)(
            context.UnitOfWork().Verdict ??= Verdict([.. CommandRules.FaultsOf(asked), .. TenantFaults(asked)])
        );

        // A command with faults may have no price at all.
        CommandVerdict Verdict(List<RequestError> faults) =>
            new(
                faults,
                faults.Count == 0 && command.IsOverBudget(_prices),
                asked.Unread.Count == 0
                    && TenantFaults(asked).Count == 0
                    && context.Saga.Command?.AsksTheSameAs(command) == true
            );
    }

    /// <summary>The fault of a command that names a tenant of other users.</summary>
    private IReadOnlyList<RequestError> TenantFaults(GenerateAsked asked) =>
        asked is { Command.Tenant: { } tenant, Arrival.User: { } user } && !_tenants.MayName(tenant, user)
            ? [CommandRules.TenantOfOthers(tenant, user)]
            : [];

    /// <summary>The verdict on a command.</summary>
    /// <param name="Faults">The rules that it breaks.</param>
    /// <param name="IsOverBudget">True if its images cost more than it allows, or have no known price.</param>
    /// <param name="IsRepeat">True if the request already has the same command.</param>
    private sealed record CommandVerdict(IReadOnlyList<RequestError> Faults, bool IsOverBudget, bool IsRepeat);
}
