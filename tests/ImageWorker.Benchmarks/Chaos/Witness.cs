using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using ImageWorker.Contracts;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Benchmarks.Chaos;

/// <summary>
/// A publisher and a subscriber that lose nothing themselves: each command is published until the broker confirms it,
/// and the events wait in a durable quorum queue until they are noted.
/// </summary>
public sealed class Witness : IAsyncDisposable
{
    private const string Queue = "chaos-witness";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private readonly ConnectionFactory _factory;
    private IConnection? _publishing;
    private IChannel? _channel;
    private IConnection? _receiving;

    private Witness(string rabbitMq) =>
        _factory = new ConnectionFactory { Uri = new Uri(rabbitMq), AutomaticRecoveryEnabled = false };

    /// <summary>The closing event of each request.</summary>
    public ConcurrentDictionary<Guid, Closing> Events { get; } = [];

    /// <summary>The distinct message ids of its closing events.</summary>
    public ConcurrentDictionary<Guid, ConcurrentDictionary<string, byte>> MessageIds { get; } = [];

    /// <summary>Every event as it came, with its headers.</summary>
    public ConcurrentBag<string> Received { get; } = [];

    public static async Task<Witness> OpenAsync(string rabbitMq, CancellationToken ct)
    {
        var witness = new Witness(rabbitMq);
        await witness.SubscribeAsync(ct);
        return witness;
    }

    /// <summary>Takes all there is out of a queue, as its messages are, with their headers; nothing where there is none.</summary>
    public async Task<IReadOnlyList<string>> DrainAsync(string queue, CancellationToken ct)
    {
        await using var connection = await _factory.CreateConnectionAsync(ct);
        await using var draining = await connection.CreateChannelAsync(cancellationToken: ct);
        var messages = new List<string>();
        try
        {
            while (await draining.BasicGetAsync(queue, autoAck: true, ct) is { } message)
                messages.Add(AsText(message.BasicProperties, message.Body));
        }
        catch (OperationInterruptedException)
        {
            // There is no such queue.
        }
        return messages;
    }

    public async Task PublishAsync(string json, CancellationToken ct)
    {
        var body = Encoding.UTF8.GetBytes(json);
        var properties = new BasicProperties { ContentType = "application/json", Persistent = true };
        while (true)
        {
            try
            {
                _publishing ??= await _factory.CreateConnectionAsync(ct);
                _channel ??= await _publishing.CreateChannelAsync(new CreateChannelOptions(true, true), ct);
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
                patience.CancelAfter(TimeSpan.FromSeconds(5));
                await _channel.BasicPublishAsync(
                    "generate-images",
                    "",
                    mandatory: true,
                    properties,
                    body,
                    patience.Token
                );
                return;
            }
            catch (Exception) when (!ct.IsCancellationRequested)
            {
                // It may have arrived: then it is published twice, which must not matter.
                await CloseAsync(_publishing);
                (_publishing, _channel) = (null, null);
                await Task.Delay(Pause, ct);
            }
        }
    }

    /// <summary>Returns when each of the requests has a closing event, or when no more came for this long.</summary>
    public async Task WaitUntilClosedAsync(List<Guid> requests, TimeSpan patience, CancellationToken ct)
    {
        var (closed, since) = (0, TimeProvider.System.GetTimestamp());
        while (closed < requests.Count && TimeProvider.System.GetElapsedTime(since) < patience)
        {
            if (_receiving is not { IsOpen: true })
                await SubscribeAsync(ct);
            await Task.Delay(Pause, ct);
            var now = requests.Count(Events.ContainsKey);
            if (now > closed)
                (closed, since) = (now, TimeProvider.System.GetTimestamp());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync(_publishing);
        await CloseAsync(_receiving);
    }

    private async Task SubscribeAsync(CancellationToken ct)
    {
        _receiving = await _factory.CreateConnectionAsync(ct);
        var subscription = await _receiving.CreateChannelAsync(cancellationToken: ct);
        await subscription.QueueDeclareAsync(
            Queue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" },
            cancellationToken: ct
        );
        foreach (var name in new[] { nameof(ImagesReady), nameof(ImagesFailed) })
        {
            var exchange = $"ImageWorker.Contracts:{name}";
            await subscription.ExchangeDeclareAsync(
                exchange,
                ExchangeType.Fanout,
                durable: true,
                cancellationToken: ct
            );
            await subscription.QueueBindAsync(Queue, exchange, "", cancellationToken: ct);
        }
        var consumer = new AsyncEventingBasicConsumer(subscription);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            Received.Add(AsText(delivery.BasicProperties, delivery.Body));
            Note(delivery.Body);
            await subscription.BasicAckAsync(delivery.DeliveryTag, multiple: false, ct);
        };
        await subscription.BasicConsumeAsync(Queue, autoAck: false, consumer, ct);
    }

    private void Note(ReadOnlyMemory<byte> body)
    {
        using var envelope = JsonDocument.Parse(body);
        var closing = envelope.RootElement.GetProperty("message").Deserialize<Closing>(JsonSerializerOptions.Web)!;
        Events[closing.RequestId] = closing;
        MessageIds
            .GetOrAdd(closing.RequestId, _ => [])
            .TryAdd(envelope.RootElement.GetProperty("messageId").GetString()!, 0);
    }

    private static string AsText(IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        var headers = properties.Headers?.Select(header =>
            $"{header.Key}: {(header.Value is byte[] text ? Encoding.UTF8.GetString(text) : header.Value)}\n"
        );
        return $"{string.Concat(headers ?? [])}\n{Encoding.UTF8.GetString(body.Span)}";
    }

    private static async Task CloseAsync(IConnection? connection)
    {
        if (connection is null)
            return;
        await connection.AbortAsync();
        connection.Dispose();
    }
}

/// <summary>What the two closing events have in common.</summary>
public sealed record Closing(Guid RequestId, RequestCost Cost);
