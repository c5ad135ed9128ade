using System.Net.Mime;
using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.RegularExpressions;
using MassTransit;
using MassTransit.Metadata;
using MassTransit.Serialization;

namespace ImageWorker.Engine;

/// <summary>
/// Reads a message as the one command of its queue, or not at all. It reads bare JSON, so that publishers need no
/// library of ours, and MassTransit's envelope. It ignores an envelope's other message types, and the addresses that it
/// wants answers at.
/// </summary>
/// <param name="isEnvelope">True to read envelopes, false to read bare JSON.</param>
public sealed partial class CommandDeserializer<T>(bool isEnvelope) : ISerializerFactory, IMessageDeserializer
    where T : class
{
    private const int ShownCharacters = 200;

    private static readonly string[] MessageTypes = [MessageUrn.ForTypeString<T>()];

    public ContentType ContentType { get; } =
        isEnvelope
            ? SystemTextJsonMessageSerializer.JsonContentType
            : SystemTextJsonRawMessageSerializer.JsonContentType;

    public IMessageSerializer CreateSerializer() => new SystemTextJsonRawMessageSerializer();

    public IMessageDeserializer CreateDeserializer() => this;

    public ConsumeContext Deserialize(ReceiveContext receiveContext) =>
        new BodyConsumeContext(
            receiveContext,
            Deserialize(receiveContext.Body, receiveContext.TransportHeaders, receiveContext.InputAddress)
        );

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null)
    {
        var options = SystemTextJsonMessageSerializer.Options;
        try
        {
            var messageId = new RawMessageContext(headers, destinationAddress, default).MessageId;
            var element = JsonSerializer.Deserialize<JsonElement>(body.GetBytes(), options);
            if (isEnvelope)
            {
                var envelope = Open(element, options);
                messageId = Guid.TryParse(envelope.MessageId, out var id) ? id : messageId;
                element = envelope.Message is JsonElement message ? message : default;
            }
            // Now rather than later: the error names a field of the wrong type, and nothing has begun.
            var command =
                (element.ValueKind is JsonValueKind.Undefined ? null : element.Deserialize<T>(options))
                ?? throw new JsonException("it is null");
            return new SystemTextJsonSerializerContext(
                SystemTextJsonMessageSerializer.Instance,
                options,
                ContentType,
                new Unanswerable(messageId),
                MessageTypes,
                message: command
            );
        }
        catch (JsonException exception)
        {
            // The parser quotes text that it could not read, which may be a part of a prompt.
            throw Unreadable($"The body is no {typeof(T).Name} in JSON: {Quoted().Replace(exception.Message, "'…'")}");
        }
    }

    public MessageBody GetMessageBody(string text) => new StringMessageBody(text);

    public void Probe(ProbeContext context) => context.CreateScope("command").Add("message", typeof(T).Name);

    private static MessageEnvelope Open(JsonElement body, JsonSerializerOptions options)
    {
        var envelope = body.Deserialize<MessageEnvelope>(options) ?? throw new JsonException("it is null");
        if (envelope.MessageType?.Contains(MessageTypes[0], StringComparer.OrdinalIgnoreCase) == true)
            return envelope;
        var types = string.Join(", ", envelope.MessageType ?? []);
        throw Unreadable(
            $"This queue takes {typeof(T).Name} and nothing else; the envelope's messageType is '{(types.Length > ShownCharacters ? $"{types[..ShownCharacters]}…" : types)}'"
        );
    }

    /// <summary>Has no inner exception, because the error queue's header would hold that one's message.</summary>
    private static SerializationException Unreadable(string why) => new(why);

    [GeneratedRegex("'.*'", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();

    /// <summary>Only the message's id. Events answer the sender; no answer goes to an address of its choice.</summary>
    private sealed class Unanswerable(Guid? messageId) : MessageContext
    {
        public Guid? MessageId => messageId;
        public Guid? RequestId => null;
        public Guid? CorrelationId => null;
        public Guid? ConversationId => null;
        public Guid? InitiatorId => null;
        public DateTime? ExpirationTime => null;
        public Uri? SourceAddress => null;
        public Uri? DestinationAddress => null;
        public Uri? ResponseAddress => null;
        public Uri? FaultAddress => null;
        public DateTime? SentTime => null;
        public Headers Headers { get; } = new DictionarySendHeaders();
        public HostInfo Host => HostMetadataCache.Empty;
    }
}
