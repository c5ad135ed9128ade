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

    private readonly IConnection connection;
    private readonly IChannel publishing;
    private readonly IChannel receiving;
    private int expected;
    private TaskCompletionSource allClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim window = new(InFlight);
    private readonly ConcurrentBag<double> elapsed = [];

    private BrokerLink(IConnection connection, IChannel publishing, IChannel receiving, int expected) =>
        (this.connection, this.publishing, this.receiving, this.expected) = (
            connection,
            publishing,
            receiving,
            expected
        );

    /// <summary>The distinct message ids of the closing events, by request.</summary>
    public ConcurrentDictionary<Guid, ConcurrentDictionary<string, byte>> Closed { get; } = [];

    public Task AllClosed => allClosed.Task;

    public static async Task<BrokerLink> Open(string rabbitMq, int expected, CancellationToken ct)
    {
        var factory = new ConnectionFactory { Uri = new Uri(rabbitMq) };
        var opened = await factory.CreateConnectionAsync(ct);
        var link = new BrokerLink(
            opened,
            await opened.CreateChannelAsync(new CreateChannelOptions(true, true), ct),
            await opened.CreateChannelAsync(cancellationToken: ct),
            expected
        );
        await link.Subscribe(ct);
        return link;
    }

    public async Task Publish(GenerateImages command, CancellationToken ct)
    {
        await window.WaitAsync(ct);
        var body = JsonSerializer.SerializeToUtf8Bytes(command, JsonSerializerOptions.Web);
        var properties = new BasicProperties { ContentType = "application/json", Persistent = true };
        _ = Confirm(
            publishing.BasicPublishAsync("generate-images", "", mandatory: true, properties, body, ct).AsTask()
        );
    }

    /// <summary>Returns once the broker has everything.</summary>
    public async Task Confirmed()
    {
        for (var i = 0; i < InFlight; i++)
            await window.WaitAsync();
        window.Release(InFlight);
    }

    /// <summary>Forgets what was closed so far, and expects that many from now on.</summary>
    public void StartOver(int expect)
    {
        Closed.Clear();
        elapsed.Clear();
        expected = expect;
        allClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Milliseconds from acceptance to the received closing event, less the generation time; ascending.</summary>
    public List<double> Overheads(TimeSpan generation) =>
        [.. elapsed.Select(total => total - generation.TotalMilliseconds).Order()];

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        publishing.Dispose();
        receiving.Dispose();
        window.Dispose();
    }

    private async Task Subscribe(CancellationToken ct)
    {
        var queue = await receiving.QueueDeclareAsync(cancellationToken: ct);
        foreach (var name in new[] { nameof(ImagesReady), nameof(ImagesFailed) })
        {
            var exchange = $"ImageWorker.Contracts:{name}";
            await receiving.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: ct);
            await receiving.QueueBindAsync(queue.QueueName, exchange, "", cancellationToken: ct);
        }
        var consumer = new AsyncEventingBasicConsumer(receiving);
        consumer.ReceivedAsync += Receive;
        await receiving.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer, ct);
    }

    private async Task Confirm(Task publish)
    {
        try
        {
            await publish;
            window.Release();
        }
        catch (Exception exception)
        {
            allClosed.TrySetException(exception);
        }
    }

    private Task Receive(object sender, BasicDeliverEventArgs delivery)
    {
        using var envelope = JsonDocument.Parse(delivery.Body);
        var message = envelope.RootElement.GetProperty("message");
        var request = message.GetProperty("requestId").GetGuid();
        if (Closed.TryAdd(request, []))
            elapsed.Add(
                (
                    TimeProvider.System.GetUtcNow() - message.GetProperty("requestedAt").GetDateTimeOffset()
                ).TotalMilliseconds
            );
        Closed[request].TryAdd(envelope.RootElement.GetProperty("messageId").GetString()!, 0);
        if (Closed.Count == expected)
            allClosed.TrySetResult();
        return Task.CompletedTask;
    }
}
