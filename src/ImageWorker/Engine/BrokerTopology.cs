using ImageWorker.Contracts;
using ImageWorker.Hosting;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Engine;

/// <summary>
/// Declares what the worker consumes and publishes to, as MassTransit does. So a right or an argument that is wrong is
/// found before MassTransit meets it, and a subscriber can bind before the first event.
/// </summary>
public sealed class BrokerTopology(Queues queues, IOptions<QueueOptions> options)
{
    /// <summary>The fanout exchanges that subscribers bind to.</summary>
    public static IReadOnlyList<string> EventExchanges { get; } =
    [ExchangeOf<ImagesReady>(), ExchangeOf<ImagesFailed>(), ExchangeOf<ImageGenerated>()];

    /// <summary>Declares the queues and their exchanges.</summary>
    /// <exception cref="OperationInterruptedException">The broker refuses one of them.</exception>
    public async Task DeclareQueuesAsync(IConnection connection, CancellationToken ct)
    {
        await DeclareAsync(connection, queues.GenerateImages, ExchangeOf<GenerateImages>(), ct);
        await DeclareAsync(connection, queues.CancelImages, ExchangeOf<CancelImages>(), ct);
    }

    /// <summary>Declares an event's exchange, and finds out whether the worker may write to it.</summary>
    /// <exception cref="OperationInterruptedException">The broker refuses it.</exception>
    public async Task DeclareEventAsync(IConnection connection, string exchange, CancellationToken ct)
    {
        // A refusal costs a channel, so each exchange has its own.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        await DeclareExchangeAsync(channel, exchange, ct);
        // Changes nothing, since there is no such binding. But it asks for the right to write, as a publish does.
        await channel.ExchangeUnbindAsync(
            destination: exchange,
            source: queues.GenerateImages,
            "",
            cancellationToken: ct
        );
    }

    private async Task DeclareAsync(IConnection connection, string queue, string type, CancellationToken ct)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        var dead = $"{queue}_dead";
        await DeclareQueueAsync(channel, dead, new(StringComparer.Ordinal), ct);
        await DeclareQueueAsync(
            channel,
            queue,
            new(StringComparer.Ordinal)
            {
                ["x-delivery-limit"] = options.Value.DeliveryLimit,
                ["x-dead-letter-exchange"] = dead,
            },
            ct
        );
        if (queues.HasPrefix)
            await UnbindAsync(connection, queue, type, ct);
        else
            await DeclareExchangeAsync(channel, type, ct);
    }

    private static async Task DeclareQueueAsync(
        IChannel channel,
        string queue,
        Dictionary<string, object?> arguments,
        CancellationToken ct
    )
    {
        arguments["x-queue-type"] = "quorum";
        await channel.QueueDeclareAsync(queue, true, false, false, arguments, cancellationToken: ct);
        await DeclareExchangeAsync(channel, queue, ct);
        await channel.QueueBindAsync(queue, queue, "", cancellationToken: ct);
    }

    private static Task DeclareExchangeAsync(IChannel channel, string exchange, CancellationToken ct) =>
        channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: ct);

    /// <summary>Removes what an earlier version bound: every prefix would get each published command, and pay for it.</summary>
    private static async Task UnbindAsync(IConnection connection, string queue, string type, CancellationToken ct)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        try
        {
            await channel.ExchangeUnbindAsync(destination: queue, source: type, "", cancellationToken: ct);
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason?.ReplyCode is Constants.NotFound)
        {
            // Nobody ever published this type here.
        }
    }

    private static string ExchangeOf<T>() => $"{typeof(T).Namespace}:{typeof(T).Name}";
}
