using System.Collections.Concurrent;
using System.Text.Json;
using ImageWorker.Contracts;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ImageWorker.Benchmarks.Load;

/// <summary>Publishes commands as another service would, and receives the closing events.</summary>
public sealed class BrokerLink : IAsyncDisposable
{
    private const int InFlight = 256;

    private readonly IConnection _connection;
    private readonly IChannel _publishing;
    private readonly IChannel _receiving;
    private int _expected;
    private TaskCompletionSource _allClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _window = new(InFlight);
    private readonly ConcurrentBag<double> _elapsed = [];

    private BrokerLink(IConnection connection, IChannel publishing, IChannel receiving, int expected) =>
        (_connection, _publishing, _receiving, _expected) = (connection, publishing, receiving, expected);

    /// <summary>The distinct message ids of the closing events, by request.</summary>
    public ConcurrentDictionary<Guid, ConcurrentDictionary<string, byte>> Closed { get; } = [];

    public Task AllClosed => _allClosed.Task;

    /// <summary>When the last of the closed requests was accepted.</summary>
    public DateTimeOffset LastAccepted { get; private set; }

    /// <summary>Connects, and subscribes to the closing events.</summary>
    /// <param name="rabbitMq">The virtual host's URI.</param>
    /// <param name="expected">The requests that are to be closed.</param>
    /// <param name="outlivesBroker">
    /// Whether events must not be lost when the broker is stopped, which costs the broker a little.
    /// </param>
    /// <param name="ct">Ends the opening.</param>
    public static async Task<BrokerLink> OpenAsync(
        string rabbitMq,
        int expected,
        bool outlivesBroker,
        CancellationToken ct
    )
    {
        var factory = new ConnectionFactory { Uri = new Uri(rabbitMq) };
        var opened = await factory.CreateConnectionAsync(ct);
        var link = new BrokerLink(
            opened,
            await opened.CreateChannelAsync(new CreateChannelOptions(true, true), ct),
            await opened.CreateChannelAsync(cancellationToken: ct),
            expected
        );
        await link.SubscribeAsync(outlivesBroker, ct);
        return link;
    }

    public async Task PublishAsync(GenerateImages command, CancellationToken ct)
    {
        await _window.WaitAsync(ct);
        var body = JsonSerializer.SerializeToUtf8Bytes(command, JsonSerializerOptions.Web);
        var properties = new BasicProperties { ContentType = "application/json", Persistent = true };
        _ = ConfirmAsync(
            _publishing.BasicPublishAsync("generate-images", "", mandatory: true, properties, body, ct).AsTask()
        );
    }

    /// <summary>Returns once the broker has everything.</summary>
    public async Task ConfirmedAsync()
    {
        for (var i = 0; i < InFlight; i++)
            await _window.WaitAsync();
        _window.Release(InFlight);
    }

    /// <summary>Forgets what was closed so far, and expects that many from now on.</summary>
    public void StartOver(int expect)
    {
        Closed.Clear();
        _elapsed.Clear();
        _expected = expect;
        _allClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Milliseconds from acceptance to the received closing event, less the generation time; ascending.</summary>
    public List<double> Overheads(TimeSpan generation) =>
        [.. _elapsed.Select(total => total - generation.TotalMilliseconds).Order()];

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _publishing.Dispose();
        _receiving.Dispose();
        _window.Dispose();
    }

    private async Task SubscribeAsync(bool outlivesBroker, CancellationToken ct)
    {
        var queue = outlivesBroker
            ? await _receiving.QueueDeclareAsync(
                "load-closings",
                durable: true,
                exclusive: false,
                autoDelete: false,
                cancellationToken: ct
            )
            : await _receiving.QueueDeclareAsync(cancellationToken: ct);
        foreach (var name in new[] { nameof(ImagesReady), nameof(ImagesFailed) })
        {
            var exchange = $"ImageWorker.Contracts:{name}";
            await _receiving.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: ct);
            await _receiving.QueueBindAsync(queue.QueueName, exchange, "", cancellationToken: ct);
        }
        var consumer = new AsyncEventingBasicConsumer(_receiving);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            Receive(delivery);
            if (outlivesBroker)
                await _receiving.BasicAckAsync(delivery.DeliveryTag, multiple: false, ct);
        };
        await _receiving.BasicConsumeAsync(queue.QueueName, autoAck: !outlivesBroker, consumer, ct);
    }

    private async Task ConfirmAsync(Task publish)
    {
        try
        {
            await publish;
            _window.Release();
        }
        catch (Exception exception)
        {
            _allClosed.TrySetException(exception);
        }
    }

    private void Receive(BasicDeliverEventArgs delivery)
    {
        using var envelope = JsonDocument.Parse(delivery.Body);
        var message = envelope.RootElement.GetProperty("message");
        var request = message.GetProperty("requestId").GetGuid();
        var accepted = message.GetProperty("requestedAt").GetDateTimeOffset();
        LastAccepted = accepted > LastAccepted ? accepted : LastAccepted;
        if (Closed.TryAdd(request, []))
            _elapsed.Add((TimeProvider.System.GetUtcNow() - accepted).TotalMilliseconds);
        Closed[request].TryAdd(envelope.RootElement.GetProperty("messageId").GetString()!, 0);
        if (Closed.Count == _expected)
            _allClosed.TrySetResult();
    }
}
