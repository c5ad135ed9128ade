using System.Text;
using ImageWorker.Contracts;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>A publisher without any library of the worker's. Each publish is confirmed by the broker.</summary>
public sealed class Publisher : IAsyncDisposable
{
    public const string Json = "application/json";

    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly string _prefix;

    private Publisher(IConnection connection, IChannel channel, string prefix) =>
        (_connection, _channel, _prefix) = (connection, channel, prefix);

    /// <summary>Connects to a broker.</summary>
    /// <param name="uri">The broker.</param>
    /// <param name="prefix">What the worker puts before its queues' names.</param>
    public static async Task<Publisher> ConnectAsync(string uri, string prefix)
    {
        var connection = await new ConnectionFactory
        {
            Uri = new Uri(uri),
            AutomaticRecoveryEnabled = false,
        }.CreateConnectionAsync();
        return new(connection, await connection.CreateChannelAsync(new CreateChannelOptions(true, true)), prefix);
    }

    /// <summary>The command in the worker's own envelope, under a message id, which is returned.</summary>
    public async Task<Guid> SendAsync(GenerateImages command, Guid? messageId = null)
    {
        var id = messageId ?? Guid.NewGuid();
        await SendAsync("generate-images", Envelope.Of(command) with { MessageId = id });
        return id;
    }

    public Task CancelAsync(Guid requestId, string? messageId = null) =>
        PublishAsync("cancel-images", $$"""{"requestId":"{{requestId}}"}""", Json, messageId);

    /// <summary>Any text to the exchange of the commands, or to another one.</summary>
    public Task SendBodyAsync(
        string body,
        string? contentType = Json,
        string? messageId = null,
        string exchange = "generate-images",
        string? traceParent = null,
        string? traceState = null
    ) => PublishAsync(exchange, body, contentType, messageId, traceParent, traceState);

    public Task SendAsync(string exchange, Envelope envelope) =>
        SendAsync(
            exchange,
            envelope.ToJson(),
            new() { ContentType = Envelope.ContentType, MessageId = $"{envelope.MessageId}" }
        );

    /// <summary>Any text to any exchange of the worker's, with any properties.</summary>
    public async Task SendAsync(string exchange, string body, BasicProperties properties)
    {
        properties.Persistent = true;
        await _channel.BasicPublishAsync(
            _prefix + exchange,
            routingKey: "",
            mandatory: true,
            properties,
            Encoding.UTF8.GetBytes(body)
        );
    }

    /// <summary>Takes a message out of one of the worker's queues; null if it has none, or there is no such queue.</summary>
    public Task<BasicGetResult?> GetAsync(string queue) =>
        AskAsync(async asking =>
            // A quorum queue that is only just declared ends the connection of who takes from it.
            await asking.MessageCountAsync(_prefix + queue) > 0
                ? await asking.BasicGetAsync(_prefix + queue, autoAck: true)
                : null
        );

    /// <summary>How many messages one of the worker's queues holds; 0 where there is no such queue.</summary>
    public Task<uint> CountAsync(string queue) => AskAsync(asking => asking.MessageCountAsync(_prefix + queue));

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    /// <summary>Asking for a queue that is not there closes the channel, so that each question has one of its own.</summary>
    private async Task<T?> AskAsync<T>(Func<IChannel, Task<T?>> ask)
    {
        await using var asking = await _connection.CreateChannelAsync();
        try
        {
            return await ask(asking);
        }
        catch (OperationInterruptedException)
        {
            return default;
        }
    }

    private Task PublishAsync(
        string exchange,
        string body,
        string? contentType,
        string? messageId,
        string? traceParent = null,
        string? traceState = null
    ) =>
        SendAsync(
            exchange,
            body,
            new()
            {
                ContentType = contentType,
                MessageId = messageId,
                Headers = traceParent is null
                    ? null
                    : new Dictionary<string, object?>(StringComparer.Ordinal)
                    {
                        ["traceparent"] = traceParent,
                        ["tracestate"] = traceState,
                    },
            }
        );
}
