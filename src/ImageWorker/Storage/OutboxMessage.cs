using System.Buffers.Binary;
using System.Net.Mime;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using MassTransit;
using MassTransit.Metadata;
using MassTransit.Serialization;

namespace ImageWorker.Storage;

/// <summary>A committed message that is not delivered yet.</summary>
public sealed class OutboxMessage
{
    private const string ReplyPrefix = "reply:";
    private const string WebhookPrefix = "webhook:";

    public Guid Id { get; set; }

    public Guid MessageId { get; set; }

    /// <summary>
    /// Short address of the exchange, such as <c>exchange:ImageWorker.Contracts:ImagesReady</c>; of an answer
    /// <c>reply:QUEUE/CORRELATION</c>, of a post <c>webhook:TENANT</c>.
    /// </summary>
    public string Destination { get; set; } = "";

    public string ContentType { get; set; } = "";

    /// <summary>The serialized envelope, sent as it is.</summary>
    public string Body { get; set; } = "";

    /// <summary>The request that it is about.</summary>
    public Guid? CorrelationId { get; set; }

    /// <summary>The W3C <c>traceparent</c> of the command behind it; null if nobody traces.</summary>
    public string? TraceParent { get; set; }

    /// <summary>The W3C <c>tracestate</c> that belongs to it; null for none.</summary>
    public string? TraceState { get; set; }

    /// <summary>Until then the process that took the message last delivers it; after that any process may.</summary>
    public DateTimeOffset ClaimableAt { get; set; }

    /// <summary>How often a sweep took it. People can see a message that keeps failing.</summary>
    public int Attempts { get; set; }

    /// <summary>An event in MassTransit's envelope, for the exchange that its subscribers bind to.</summary>
    /// <param name="message">The event.</param>
    /// <param name="messageId">Its id, the same however often it is published.</param>
    /// <param name="requestId">The request that it is about.</param>
    /// <param name="now">The time.</param>
    /// <param name="traceParent">The W3C <c>traceparent</c>; null if nobody traces.</param>
    /// <param name="fingerprint">The <see cref="CommandFingerprint"/> of the command that it answers.</param>
    /// <param name="asker">To send it to alone; null to publish it.</param>
    public static OutboxMessage Event(
        object message,
        Guid messageId,
        Guid requestId,
        DateTimeOffset now,
        string? traceParent,
        string fingerprint,
        Asker? asker = null
    )
    {
        var urn = MessageUrn.ForTypeString(message.GetType());
        return new()
        {
            Id = Guid.CreateVersion7(now),
            MessageId = messageId,
            Destination = asker is null
                ? $"exchange:{urn["urn:message:".Length..]}"
                : $"{ReplyPrefix}{Uri.EscapeDataString(asker.Queue)}/{Uri.EscapeDataString(asker.CorrelationId ?? "")}",
            ContentType = SystemTextJsonMessageSerializer.JsonContentType.MediaType,
            Body = JsonSerializer.Serialize(
                new JsonMessageEnvelope
                {
                    MessageId = messageId.ToString(),
                    RequestId = asker?.RequestId?.ToString(),
                    CorrelationId = requestId.ToString(),
                    ConversationId = requestId.ToString(),
                    MessageType = [urn],
                    Headers = new Dictionary<string, object?>(StringComparer.Ordinal)
                    {
                        [CommandFingerprint.Header] = fingerprint,
                    },
                    Message = message,
                    SentTime = now.UtcDateTime,
                    Host = HostMetadataCache.Host,
                },
                SystemTextJsonMessageSerializer.Options
            ),
            CorrelationId = requestId,
            TraceParent = traceParent,
        };
    }

    /// <summary>A closing event as it is posted to a tenant's webhook.</summary>
    /// <param name="message">The event.</param>
    /// <param name="published">The event as it is published, whose message id it shares.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="now">The time.</param>
    public static OutboxMessage Webhook(object message, OutboxMessage published, string tenant, DateTimeOffset now) =>
        new()
        {
            Id = Guid.CreateVersion7(now),
            MessageId = published.MessageId,
            Destination = WebhookPrefix + tenant,
            ContentType = MediaTypeNames.Application.Json,
            Body = JsonSerializer.Serialize(
                new
                {
                    type = message is ImagesReady ? "images.ready" : "images.failed",
                    timestamp = now,
                    data = message,
                },
                SystemTextJsonMessageSerializer.Options
            ),
            CorrelationId = published.CorrelationId,
            TraceParent = published.TraceParent,
        };

    /// <summary>When it was committed, to the millisecond. Its id begins with that.</summary>
    public DateTimeOffset CreatedAt =>
        DateTimeOffset.FromUnixTimeMilliseconds(
            BinaryPrimitives.ReadInt64BigEndian(Id.ToByteArray(bigEndian: true)) >>> 16
        );

    /// <summary>True if it is posted to a tenant.</summary>
    public bool IsWebhook => IsWebhookAddress(Destination);

    /// <summary>True if what goes there is posted to a tenant.</summary>
    public static bool IsWebhookAddress(string destination) =>
        destination.StartsWith(WebhookPrefix, StringComparison.Ordinal);

    /// <summary>The tenant that it is posted to.</summary>
    public string WebhookTenant => Destination[WebhookPrefix.Length..];

    /// <summary>True if it is an answer for one publisher.</summary>
    public bool IsReply => Destination.StartsWith(ReplyPrefix, StringComparison.Ordinal);

    /// <summary>An answer's queue, and the correlation id that its publisher gave, or null.</summary>
    public (string Queue, string? CorrelationId) ReplyAddress()
    {
        var parts = Array.ConvertAll(Destination[ReplyPrefix.Length..].Split('/'), Uri.UnescapeDataString);
        return (parts[0], parts[1] is { Length: > 0 } id ? id : null);
    }
}
