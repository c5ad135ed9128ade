using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Delivery;
using MassTransit;

namespace ImageWorker.Requests;

/// <content>The steps that commands lead to.</content>
public sealed partial class RequestSteps
{
    public void Refuse(BehaviorContext<ImageRequest, GenerateImages> context) =>
        Refuse(context, CommandRules.FaultsOf(context.Message));

    public void RefuseReusedId(BehaviorContext<ImageRequest, GenerateImages> context) =>
        Refuse(
            context,
            [
                new(
                    "REQUEST_ID_REUSED",
                    "requestId was used before with other parameters; that request is untouched. Send a new id.",
                    "requestId"
                ),
            ]
        );

    public void Start(BehaviorContext<ImageRequest, GenerateImages> context)
    {
        var request = TakeOver(context);
        Log.Accepted(logger, request.CorrelationId, request.Images.Count, context.Message.Model, request.Deadline);
        Submit(context, request.Submit([.. request.Images.Select(image => image.Number)]));
        request.NextTickAt = request.NextTick();
    }

    public void CloseOverBudget(BehaviorContext<ImageRequest, GenerateImages> context)
    {
        var request = TakeOver(context);
        var estimate = context.Message.Estimate(prices, context.Message.Count);
        request.Errors.Add(
            new(
                RequestProgress.BudgetExceeded,
                estimate is null
                    ? "maxCost cannot be kept: the price table has no price for these parameters"
                    : $"maxCost is {context.Message.MaxCost} EUR, the estimate is {estimate} EUR",
                "maxCost"
            )
        );
        foreach (var image in request.Images)
            image.Fail(RequestProgress.BudgetExceeded);
        Close(context);
    }

    public void AwaitCommand(BehaviorContext<ImageRequest, CancelImages> context)
    {
        context.Saga.RequestedAt = Now;
        Log.CancelledEarly(logger, context.Saga.CorrelationId);
    }

    public void CloseUnstarted(BehaviorContext<ImageRequest, GenerateImages> context)
    {
        TakeOver(context).Reason = FailureReason.Cancelled;
        Close(context);
    }

    public void StopForCancel(BehaviorContext<ImageRequest, CancelImages> context)
    {
        Log.Cancelled(logger, context.Saga.CorrelationId);
        context.Saga.Stop(FailureReason.Cancelled, Now, options);
    }

    public void NoteRepeated(BehaviorContext<ImageRequest> context) =>
        Log.Repeated(logger, context.Saga.CorrelationId, context.Event.Name, context.Saga.State);

    public void NoteNameless(BehaviorContext<ImageRequest, CancelImages> context) => Log.NamelessCancel(logger);

    private ImageRequest TakeOver(BehaviorContext<ImageRequest, GenerateImages> context)
    {
        var (request, command) = (context.Saga, context.Message);
        context.AfterCommit(metrics.Received);
        request.Command = command;
        request.TraceParent = context.UnitOfWork().TraceParent;
        request.RequestedAt = Now;
        request.Deadline = Now + TimeSpan.FromSeconds(command.TimeoutSeconds);
        request.Images = [.. Enumerable.Range(0, command.Count).Select(number => new RequestImage { Number = number })];
        return request;
    }

    private void Refuse(BehaviorContext<ImageRequest, GenerateImages> context, IReadOnlyList<RequestError> faults)
    {
        Log.RefusedCommand(logger, context.Message.RequestId, string.Join("; ", faults.Select(fault => fault.Message)));
        context.AfterCommit(metrics.Refused);
        var messageId =
            context.Message.RequestId == Guid.Empty
                ? DerivedMessageId.ForClosing(context.Saga.CorrelationId)
                : DerivedMessageId.ForRefusal(context.Message.RequestId, JsonSerializer.Serialize(context.Message));
        var unit = context.UnitOfWork();
        unit.IsRefusal = true;
        Publish(context, RequestClosing.RefusalOf(context.Message, faults, Now), messageId, unit.TraceParent);
    }
}
