using System.Diagnostics;
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
/// <param name="span">Its own span; null to carry on the stored context, if there is one.</param>
public sealed class StoredMessagePipe(OutboxMessage message, Activity? span = null) : IPipe<SendContext<StoredMessage>>
{
    public Task Send(SendContext<StoredMessage> context)
    {
        context.MessageId = message.MessageId;
        context.CorrelationId = message.CorrelationId;
        context.ConversationId = message.CorrelationId;
        context.Serializer = new StoredBody(message);
        context.ContentType = context.Serializer.ContentType;
        if ((span?.Id ?? message.TraceParent) is { } parent)
        {
            context.Headers.Set(RequestTracing.TraceParent, parent);
            // Subscribers with MassTransit read this header.
            context.Headers.Set(DiagnosticHeaders.ActivityId, parent);
            if ((span is null ? message.TraceState : span.TraceStateString) is { Length: > 0 } state)
                context.Headers.Set(TraceState.Header, state);
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
