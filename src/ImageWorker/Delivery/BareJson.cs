using System.Net.Mime;
using System.Runtime.Serialization;
using System.Text.Json;
using MassTransit;
using MassTransit.Serialization;

namespace ImageWorker.Delivery;

/// <summary>
/// Reads a bare JSON body as one certain message, so that publishers need no library of ours. MassTransit's own raw
/// deserializer takes a body for every message that its endpoint handles.
/// </summary>
public sealed class BareJson<T> : ISerializerFactory, IMessageDeserializer
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
        try
        {
            var element = JsonSerializer.Deserialize<JsonElement>(
                body.GetBytes(),
                SystemTextJsonMessageSerializer.Options
            );
            // Now rather than later: a field of the wrong type is named here, and nothing has begun.
            _ =
                element.Deserialize<T>(SystemTextJsonMessageSerializer.Options)
                ?? throw new JsonException("it is null");

            return new SystemTextJsonRawSerializerContext(
                SystemTextJsonMessageSerializer.Instance,
                SystemTextJsonMessageSerializer.Options,
                ContentType,
                new RawMessageContext(headers, destinationAddress, RawSerializerOptions.CopyHeaders),
                MessageTypes,
                RawSerializerOptions.CopyHeaders,
                element
            );
        }
        catch (JsonException exception)
        {
            // The error queue's header holds the innermost message, and that of the parser names no field.
#pragma warning disable MA0054
            throw new SerializationException($"The body is no {typeof(T).Name} in JSON: {exception.Message}");
#pragma warning restore MA0054
        }
    }

    public MessageBody GetMessageBody(string text) => new StringMessageBody(text);

    public void Probe(ProbeContext context) => context.CreateScope("bareJson").Add("message", typeof(T).Name);
}
