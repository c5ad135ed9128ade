using System.Text.Json;
using ImageWorker.Contracts;
using RabbitMQ.Client;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>An event as a subscriber in any language gets it: the envelope's id and its message in JSON.</summary>
public sealed record ReceivedEvent(string Name, Guid MessageId, JsonElement Message)
{
    /// <summary>The transport's header by which a subscriber's spans join the trace.</summary>
    public string? TraceParent { get; init; }

    /// <summary>What came with the command's.</summary>
    public string? TraceState { get; init; }

    /// <summary>The same for subscribers with MassTransit.</summary>
    public string? ActivityId { get; init; }

    /// <summary>What AMQP itself says of the message.</summary>
    public required IReadOnlyBasicProperties Properties { get; init; }

    public Guid RequestId => Message.GetProperty("requestId").GetGuid();

    public bool Closes => Name is nameof(ImagesReady) or nameof(ImagesFailed);

    /// <summary>The message by its .NET type; fails when it is another.</summary>
    public T As<T>()
    {
        Assert.True(Name == typeof(T).Name, $"Not {typeof(T).Name} but {Name}: {Message}");
        return Message.Deserialize<T>(JsonSerializerOptions.Web)!;
    }
}
