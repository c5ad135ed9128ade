using System.Text.Json;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>MassTransit's envelope, as anybody who may publish can write it.</summary>
/// <param name="MessageType">What it calls itself.</param>
/// <param name="Message">What is in it, by its JSON names.</param>
public sealed record Envelope(IReadOnlyList<string>? MessageType, JsonElement? Message)
{
    public const string ContentType = "application/vnd.masstransit+json";

    public Guid MessageId { get; init; } = Guid.NewGuid();

    /// <summary>MassTransit's own: a request that expects a response.</summary>
    public Guid? RequestId { get; init; }

    public string? ResponseAddress { get; init; }

    public string? FaultAddress { get; init; }

    /// <summary>The message under the name that MassTransit gives to its .NET type.</summary>
    public static Envelope Of<T>(T message) =>
        new([$"urn:message:{typeof(T).Namespace}:{typeof(T).Name}"], Json(message));

    public static JsonElement Json<T>(T message) =>
        JsonSerializer.SerializeToElement(message, JsonSerializerOptions.Web);

    public string ToJson() => JsonSerializer.Serialize(this, JsonSerializerOptions.Web);
}
