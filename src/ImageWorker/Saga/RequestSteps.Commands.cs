using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using MassTransit;

namespace ImageWorker.Saga;

/// <content>The steps that follow from commands.</content>
public sealed partial class RequestSteps
{
    public void Refuse(BehaviorContext<ImageRequest, GenerateAsked> context) =>
        Refuse(context, VerdictOn(context).Faults);

    /// <summary>A command with faults is told of those, as it would be if its id was new.</summary>
    public void RefuseReusedId(BehaviorContext<ImageRequest, GenerateAsked> context) =>
        Refuse(context, VerdictOn(context).Faults is { Count: > 0 } faults ? faults : [CommandRules.RequestIdReused]);

    public void Start(BehaviorContext<ImageRequest, GenerateAsked> context)
    {
        var request = TakeOver(context);
        var submission = request.Submit([.. request.Images.Select(image => image.Number)]);
        if (context.UnitOfWork().MustWait)
        {
            request.AwaitTurn(context.Now(), _lease);
            context.AfterCommit(() =>
                Log.Waits(logger, request.CorrelationId, request.Images.Count, request.Command!.Model)
            );
            return;
        }
        context.AfterCommit(() =>
            Log.Accepted(logger, request.CorrelationId, request.Images.Count, request.Command!.Model, request.Deadline)
        );
        Submit(context, submission, RequestWait.Turn);
        request.NextTickAt = request.NextTick();
    }

    public void CloseOverBudget(BehaviorContext<ImageRequest, GenerateAsked> context)
    {
        var request = TakeOver(context);
        var command = context.Message.Command;
        var estimate = command.Estimate(_prices, command.Count);
        request.Errors.Add(
            new(
                ErrorIds.BudgetExceeded,
                estimate is null
                    ? "maxCost cannot be kept: the price table has no price for these parameters"
                    : $"maxCost is {command.MaxCost} EUR, the estimate is {estimate} EUR",
                "maxCost"
            )
        );
        foreach (var image in request.Images)
            image.Fail(ErrorIds.BudgetExceeded);
        Close(context);
    }

    public void AwaitCommand(BehaviorContext<ImageRequest, CancelAsked> context)
    {
        var request = context.Saga;
        request.RequestedAt = context.Now();
        context.AfterCommit(() => Log.CancelledEarly(logger, request.CorrelationId));
    }

    public void CloseUnstarted(BehaviorContext<ImageRequest, GenerateAsked> context)
    {
        TakeOver(context).Reason = FailureReason.Cancelled;
        Close(context);
    }

    public void StopForCancel(BehaviorContext<ImageRequest, CancelAsked> context)
    {
        var request = context.Saga;
        context.AfterCommit(() => Log.Cancelled(logger, request.CorrelationId));
        Stop(context, FailureReason.Cancelled, RequestWait.Cancellation);
    }

    /// <summary>A command that came before may come from somebody else, who waits for the answer too.</summary>
    public void NoteRepeatedCommand(BehaviorContext<ImageRequest, GenerateAsked> context)
    {
        NoteRepeated(context);
        var (request, asker) = (context.Saga, context.Message.Arrival.Asker);
        var askers = request.Askers ?? [];
        if (asker is null || askers.Contains(asker))
            return;
        if (askers.Count == Asker.Most)
        {
            context.AfterCommit(() => metrics.ReplyDropped(DroppedReply.TooMany));
            return;
        }
        request.Askers = [.. askers, asker];
        request.Version++;
    }

    /// <summary>The others that asked have their answers.</summary>
    public void AnswerRepeatedCommand(BehaviorContext<ImageRequest, GenerateAsked> context) =>
        PublishClosingEvent(context, AskersOf(context.Message));

    public void NoteRepeated(BehaviorContext<ImageRequest> context) =>
        Log.Repeated(logger, context.Saga.CorrelationId, context.Event.Name, context.Saga.State);

    public void NoteNameless(BehaviorContext<ImageRequest, CancelAsked> context) => Log.NamelessCancel(logger);

    private ImageRequest TakeOver(BehaviorContext<ImageRequest, GenerateAsked> context)
    {
        var (request, asked, now) = (context.Saga, context.Message, context.Now());
        var command = asked.Command;
        context.AfterCommit(() => metrics.Received(command.Tenant));
        request.Command = command;
        request.Tenant = _tenants.LineOf(command.Tenant);
        request.Priority = RequestTurns.PriorityOf(command.Priority)!.Value;
        request.Askers = asked.Arrival.Asker is { } asker ? [asker] : null;
        request.Warnings = asked.Warnings is { Count: > 0 } warnings ? [.. warnings] : null;
        request.Model = command.Model;
        request.MetadataValue = searchable.ValueOf(command);
        request.TraceParent = context.UnitOfWork().TraceParent;
        request.TraceState = context.UnitOfWork().TraceState;
        request.RequestedAt = now;
        request.Deadline = now + TimeSpan.FromSeconds(command.TimeoutSeconds);
        request.Images = [.. Enumerable.Range(0, command.Count).Select(number => new RequestImage { Number = number })];
        return request;
    }

    private void Refuse(BehaviorContext<ImageRequest, GenerateAsked> context, IReadOnlyList<RequestError> faults)
    {
        var (asked, command) = (context.Message, context.Message.Command);
        var fingerprint = CommandFingerprint.Of(asked);
        var messageId =
            command.RequestId == Guid.Empty
                ? DerivedMessageId.ForClosing(context.Saga.CorrelationId)
                : DerivedMessageId.ForRefusal(command.RequestId, fingerprint);
        var unit = context.UnitOfWork();
        unit.IsRefusal = true;
        var refusal = RequestClosing.RefusalOf(command, faults, unit.Now) with { Warnings = asked.Warnings };
        context.AfterCommit(() =>
        {
            metrics.Refused(refusal.Tenant);
            Log.RefusedCommand(logger, command.RequestId, string.Join("; ", faults.Select(fault => fault.Message)));
        });
        Publish(context, refusal, messageId, (unit.TraceParent, unit.TraceState), fingerprint, AskersOf(asked));
        Post(context, refusal.Tenant, refusal);
    }

    private static IReadOnlyList<Asker> AskersOf(GenerateAsked asked) =>
        asked.Arrival.Asker is { } asker ? [asker] : [];
}
