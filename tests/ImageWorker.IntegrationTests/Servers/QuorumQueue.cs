using System.Text;
using RabbitMQ.Client;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>A durable quorum queue of a unique name, over a connection of its own.</summary>
internal sealed class QuorumQueue : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private QuorumQueue(IConnection connection, IChannel channel, string name)
    {
        _connection = connection;
        _channel = channel;
        Name = name;
    }

    public string Name { get; }

    public static async Task<QuorumQueue> DeclareAsync(string uri, string? name = null)
    {
        var connection = await new ConnectionFactory { Uri = new Uri(uri) }.CreateConnectionAsync();
        // Confirms: a publish returns once the broker has the message on its disk.
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var queue = new QuorumQueue(connection, channel, name ?? $"quorum-{Guid.NewGuid():n}");
        await channel.QueueDeclareAsync(
            queue.Name,
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" }
        );
        return queue;
    }

    public async Task PublishAsync(string text) =>
        await _channel.BasicPublishAsync(
            exchange: "",
            routingKey: Name,
            mandatory: true,
            new BasicProperties { Persistent = true },
            Encoding.UTF8.GetBytes(text)
        );

    public async Task<string?> GetAsync() =>
        await _channel.BasicGetAsync(Name, autoAck: true) is { } message
            ? Encoding.UTF8.GetString(message.Body.Span)
            : null;

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
