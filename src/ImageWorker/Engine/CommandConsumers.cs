using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Telemetry;
using MassTransit;

namespace ImageWorker.Engine;

/// <summary>Takes commands of <c>generate-images</c> to the saga; acknowledges once the step is committed.</summary>
public sealed class GenerateImagesConsumer(RequestDoor door, ReplyAddresses replies)
    : IConsumer<CommandRead<GenerateImages>>
{
    public Task Consume(ConsumeContext<CommandRead<GenerateImages>> context) =>
        door.TellAsync(
            new GenerateAsked(context.Message.Command, context.Arrival() with { Asker = replies.AskerOf(context) })
            {
                Unread = context.Message.Faults,
                Warnings = context.Message.Warnings,
            },
            context.CancellationToken
        );
}

/// <summary>The same for the queue <c>cancel-images</c>.</summary>
public sealed class CancelImagesConsumer(RequestDoor door) : IConsumer<CommandRead<CancelImages>>
{
    public Task Consume(ConsumeContext<CommandRead<CancelImages>> context) =>
        door.TellAsync(new CancelAsked(context.Message.Command, context.Arrival()), context.CancellationToken);
}

internal static class Arrivals
{
    public static Arrival Arrival(this ConsumeContext context)
    {
        var received = context.ReceiveContext;
        var (traceParent, traceState) = RequestTracing.PublisherIn(received.TransportHeaders);
        return new(
            context.MessageId ?? DerivedMessageId.ForBody(received.Body.GetBytes()),
            received.InputAddress.Segments[^1],
            received.InputAddress,
            traceParent,
            traceState,
            received.Redelivered,
            received.InputAddress.Scheme == "loopback" ? null : UserIn(received)
        );
    }

    private static string UserIn(ReceiveContext received) =>
        received.TryGetPayload(out RabbitMqBasicConsumeContext? delivery) ? delivery.Properties.UserId ?? "" : "";
}
