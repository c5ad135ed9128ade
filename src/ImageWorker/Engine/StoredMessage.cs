using System.Net.Mime;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using MassTransit;
using MassTransit.Logging;

namespace ImageWorker.Engine;

/// <summary>Stands for a message that is already serialized.</summary>
[ExcludeFromTopology]
public sealed class StoredMessage;

/// <summary>Sends the stored bytes as they are, under the stored ids.</summary>
/// <param name="message">The message.</param>
/// <param name="traceParent">The context of its own span; null to carry on the stored one, if there is one.</param>
public sealed class StoredMessagePipe(OutboxMessage message, string? traceParent = null)
    : IPipe<SendContext<StoredMessage>>
{
    public Task Send(SendContext<StoredMessage> context)
    {
        context.MessageId = message.MessageId;
        context.CorrelationId = message.CorrelationId;
        context.ConversationId = message.CorrelationId;
        context.Serializer = new StoredBody(message);
        context.ContentType = context.Serializer.ContentType;
        if ((traceParent ?? message.TraceParent) is { } parent)
        {
            context.Headers.Set(RequestTracing.TraceParent, parent);
            // Subscribers with MassTransit read this header.
            context.Headers.Set(DiagnosticHeaders.ActivityId, parent);
        }
        return Task.CompletedTask;
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("storedMessage");

    private sealed class StoredBody(OutboxMessage message) : IMessageSerializer
    {
        public ContentType ContentType { get; } = new(message.ContentType);

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class => new StringMessageBody(message.Body);
    }
}
