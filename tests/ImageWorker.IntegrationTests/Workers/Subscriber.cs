using System.Text;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>A subscriber without any library of the worker's: a queue bound to the events' exchanges. It keeps whatever
/// comes, repeats included.</summary>
public sealed class Subscriber : IAsyncDisposable
{
    private static readonly string[] EventNames = [nameof(ImagesReady), nameof(ImagesFailed), nameof(ImageGenerated)];

    private readonly Lock _lock = new();
    private readonly List<ReceivedEvent> _received = [];
    private readonly HashSet<string> _marks = new(StringComparer.Ordinal);
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private string _queue = "";

    private Subscriber(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    public static async Task<Subscriber> ConnectAsync(string uri)
    {
        var connection = await new ConnectionFactory
        {
            Uri = new Uri(uri),
            AutomaticRecoveryEnabled = false,
        }.CreateConnectionAsync();
        var subscriber = new Subscriber(connection, await connection.CreateChannelAsync());
        await subscriber.SubscribeAsync();
        return subscriber;
    }

    /// <summary>What came for a request, each event once, in the order they came first.</summary>
    public IReadOnlyList<ReceivedEvent> EventsOf(Guid requestId) =>
        [.. ReceivedOf(requestId).DistinctBy(e => e.MessageId)];

    /// <summary>The closing events that came for a request, with those delivered again: a busy machine is reason enough.</summary>
    public IReadOnlyList<ReceivedEvent> ClosingsOf(Guid requestId) => [.. ReceivedOf(requestId).Where(e => e.Closes)];

    /// <summary>The distinct message ids of the closing events of every request.</summary>
    public Dictionary<Guid, HashSet<Guid>> MessageIdsByRequest()
    {
        lock (_lock)
        {
            return _received
                .Where(e => e.Closes)
                .GroupBy(e => e.RequestId)
                .ToDictionary(request => request.Key, request => request.Select(e => e.MessageId).ToHashSet());
        }
    }

    /// <summary>Returns once everything has come that the broker had taken for this subscriber before.</summary>
    public async Task CatchUpAsync()
    {
        var mark = $"{Guid.NewGuid()}";
        await _channel.BasicPublishAsync("", _queue, mandatory: true, new BasicProperties { Type = mark }, default);
        await Eventually.HoldsAsync(() =>
        {
            lock (_lock)
            {
                return _marks.Contains(mark);
            }
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private List<ReceivedEvent> ReceivedOf(Guid requestId)
    {
        lock (_lock)
        {
            return [.. _received.Where(e => e.RequestId == requestId)];
        }
    }

    private async Task SubscribeAsync()
    {
        _queue = (await _channel.QueueDeclareAsync()).QueueName;
        foreach (var name in EventNames)
        {
            var exchange = $"ImageWorker.Contracts:{name}";
            await _channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true);
            await _channel.QueueBindAsync(_queue, exchange, routingKey: "");
        }

        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            Keep(delivery);
            return Task.CompletedTask;
        };
        await _channel.BasicConsumeAsync(_queue, autoAck: true, consumer);
    }

    private void Keep(BasicDeliverEventArgs delivery)
    {
        lock (_lock)
        {
            if (delivery.Exchange is "")
            {
                _marks.Add(delivery.BasicProperties.Type!);
                return;
            }

            using var envelope = JsonDocument.Parse(delivery.Body);
            _received.Add(
                new(
                    delivery.Exchange.Split(':')[1],
                    envelope.RootElement.GetProperty("messageId").GetGuid(),
                    envelope.RootElement.GetProperty("message").Clone()
                )
                {
                    TraceParent = HeaderOf(delivery, "traceparent"),
                    TraceState = HeaderOf(delivery, "tracestate"),
                    ActivityId = HeaderOf(delivery, "MT-Activity-Id"),
                    // The client uses its own ones again.
                    Properties = new BasicProperties(delivery.BasicProperties),
                }
            );
        }
    }

    private static string? HeaderOf(BasicDeliverEventArgs delivery, string name) =>
        delivery.BasicProperties.Headers?.TryGetValue(name, out var value) is true
            ? value is byte[] bytes
                ? Encoding.UTF8.GetString(bytes)
                : $"{value}"
            : null;
}
