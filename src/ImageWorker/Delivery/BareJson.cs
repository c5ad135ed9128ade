using System.Net.Mime;
using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.RegularExpressions;
using MassTransit;
using MassTransit.Serialization;

namespace ImageWorker.Delivery;

/// <summary>
/// Reads a bare JSON body as one certain message, so that publishers need no library of ours. MassTransit's own raw
/// deserializer takes a body for every message that its endpoint handles.
/// </summary>
public sealed partial class BareJson<T> : ISerializerFactory, IMessageDeserializer
    where T : class
{
    private static readonly string[] MessageTypes = [MessageUrn.ForTypeString<T>()];

    public ContentType ContentType => SystemTextJsonRawMessageSerializer.JsonContentType;

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
            var element = JsonSerializer.Deserialize<JsonElement>(body.GetBytes(), options);
            // Now rather than later: a field of the wrong type is named here, and nothing has begun.
            _ = element.Deserialize<T>(options) ?? throw new JsonException("it is null");

            return new SystemTextJsonRawSerializerContext(
                SystemTextJsonMessageSerializer.Instance,
                options,
                ContentType,
                new RawMessageContext(headers, destinationAddress, RawSerializerOptions.CopyHeaders),
                MessageTypes,
                RawSerializerOptions.CopyHeaders,
                element
            );
        }
        catch (JsonException exception)
        {
            // The parser quotes what it could not read, which may be a part of a prompt. Not as the inner exception, whose
            // message would be the one that the error queue's header holds.
            var problem = Quoted().Replace(exception.Message, "'…'");
#pragma warning disable MA0054
            throw new SerializationException($"The body is no {typeof(T).Name} in JSON: {problem}");
#pragma warning restore MA0054
        }
    }

    public MessageBody GetMessageBody(string text) => new StringMessageBody(text);

    [GeneratedRegex("'.*'", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();

    public void Probe(ProbeContext context) => context.CreateScope("bareJson").Add("message", typeof(T).Name);
}
