using System.Net.Mime;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Zpk;
using MassTransit;
using MassTransit.Metadata;
using MassTransit.Serialization;

namespace ImageWorker.Engine;

/// <summary>
/// Reads a message as the one command of its queue, or not at all. It reads bare JSON, so that publishers need no
/// library of ours, and MassTransit's envelope. It ignores an envelope's other message types, and its addresses but one,
/// which <see cref="ReplyAddresses"/> judges. A command with faults goes on with them, so that an event can refuse it.
/// </summary>
/// <param name="isEnvelope">True to read envelopes, false to read bare JSON.</param>
/// <param name="maxBody">The longest body that is read whole, in bytes.</param>
public sealed class CommandDeserializer<T>(bool isEnvelope, int maxBody) : ISerializerFactory, IMessageDeserializer
    where T : class, new()
{
    private const int ShownCharacters = 200;

    private static readonly string EnvelopeType = MessageUrn.ForTypeString<T>();
    private static readonly string[] MessageTypes = [MessageUrn.ForTypeString<CommandRead<T>>()];

    /// <summary>No event refuses a cancellation: it would close the request.</summary>
    private static readonly bool CanBeRefused = typeof(T) == typeof(GenerateImages);

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
        var json = CommandBody.Read(body.GetBytes(), isEnvelope, maxBody);
        var messageId = new RawMessageContext(headers, destinationAddress, default).MessageId;
        if (isEnvelope)
            messageId = Open(json) ?? messageId;
        return new SystemTextJsonSerializerContext(
            SystemTextJsonMessageSerializer.Instance,
            SystemTextJsonMessageSerializer.Options,
            ContentType,
            new Unanswerable(messageId),
            MessageTypes,
            message: Command(json)
        );
    }

    public MessageBody GetMessageBody(string text) => new StringMessageBody(text);

    public void Probe(ProbeContext context) => context.CreateScope("command").Add("message", typeof(T).Name);

    /// <summary>The command and its faults, if an event can tell of them.</summary>
    private CommandRead<T> Command(CommandBody body)
    {
        var read = CommandRead.Of<T>((isEnvelope ? body.Message : body.Outer) ?? []);
        if (body.Problem is { } problem)
            read = read with { Faults = [new(CommandRules.InvalidBody, Why(problem), null)] };
        if (isEnvelope)
            read = read with
            {
                ResponseAddress = body.Texts("responseAddress") is [var address, ..] ? address : null,
                ResponseId = body.Texts("requestId") is [var id, ..] && Guid.TryParse(id, out var asked) ? asked : null,
            };
        if (read.Faults.FirstOrDefault(fault => !CanBeRefused || IsNameless(fault)) is { } final)
            throw new UnreadableException(final.On is null ? final.Message : Why(final.Message));
        return read;

        // A command that only leaves the id out is refused under none.
        bool IsNameless(RequestError fault) =>
            read.RequestId == Guid.Empty && fault.On is null or CommandRead.RequestId;
    }

    /// <summary>Checks that the envelope holds this command, and returns its message id.</summary>
    private static Guid? Open(CommandBody envelope)
    {
        var types = envelope.Texts("messageType");
        if (!types.Contains(EnvelopeType, StringComparer.OrdinalIgnoreCase))
            throw new UnreadableException(
                envelope.Problem is { } problem
                    ? Why(problem)
                    : $"This queue takes {typeof(T).Name} and nothing else; the envelope's messageType is '{ShownText.Of(string.Join(", ", types), ShownCharacters)}'"
            );
        if (envelope.Message is null)
            throw new UnreadableException(Why(envelope.Problem ?? "its message is no object"));
        return envelope.Texts("messageId") is [var text, ..] && Guid.TryParse(text, out var id) ? id : null;
    }

    private static string Why(string problem) => $"The body cannot be read as {typeof(T).Name}: {problem}";

    /// <summary>Only the message's id. MassTransit itself must not answer, nor declare what the sender names.</summary>
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
