using System.Diagnostics;
using System.Text;
using ImageWorker.Hosting;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using MassTransit.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Engine;

/// <summary>
/// Sends answers by the broker's default exchange, which leads to the queue of a name and needs no declaration. An answer
/// that nobody waits for any more is dropped and counted. The connection is made by the first answer.
/// </summary>
public sealed partial class ReplySender(Connections connections, WorkerMetrics metrics, ILogger<ReplySender> logger)
    : IAsyncDisposable
{
    /// <summary>RabbitMQ returns these though it delivers them.</summary>
    private const string Direct = "amq.rabbitmq.reply-to.";

    private readonly SemaphoreSlim _connecting = new(1);
    private readonly SaidOnce _noRight = new();
    private IConnection? _connection;
    private IChannel? _channel;

    /// <summary>Returns once the answer is in the queue, or cannot be.</summary>
    public async Task SendAsync(OutboxMessage reply, Activity? span, CancellationToken ct)
    {
        var (queue, correlationId) = reply.ReplyAddress();
        var channel = await ChannelAsync(ct);
        try
        {
            await channel.BasicPublishAsync(
                exchange: "",
                routingKey: queue,
                mandatory: !queue.StartsWith(Direct, StringComparison.Ordinal),
                Properties(reply, correlationId, span),
                Encoding.UTF8.GetBytes(reply.Body),
                ct
            );
        }
        catch (PublishException refusal)
        {
            metrics.ReplyDropped(refusal.IsReturn ? DroppedReply.Unroutable : DroppedReply.Rejected);
        }
        catch (OperationInterruptedException refusal)
            when (refusal.ShutdownReason?.ReplyCode is Constants.AccessRefused)
        {
            metrics.ReplyDropped(DroppedReply.NoRight);
            if (_noRight.IsNew(refusal.ShutdownReason.ReplyText))
                Log.NoRight(logger, refusal.ShutdownReason.ReplyText);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync();
        _connecting.Dispose();
    }

    private static BasicProperties Properties(OutboxMessage reply, string? correlationId, Activity? span)
    {
        var headers = new Dictionary<string, object?>(StringComparer.Ordinal);
        if ((span?.Id ?? reply.TraceParent) is { } parent)
        {
            headers[RequestTracing.TraceParent] = parent;
            headers[DiagnosticHeaders.ActivityId] = parent;
            if ((span is null ? reply.TraceState : span.TraceStateString) is { Length: > 0 } state)
                headers[TraceState.Header] = state;
        }
        return new()
        {
            Persistent = true,
            ContentType = reply.ContentType,
            MessageId = $"{reply.MessageId}",
            CorrelationId = correlationId ?? $"{reply.CorrelationId}",
            Headers = headers,
        };
    }

    private async Task<IChannel> ChannelAsync(CancellationToken ct)
    {
        if (_channel is { IsOpen: true } open)
            return open;
        await _connecting.WaitAsync(ct);
        try
        {
            if (_channel is { IsOpen: true } opened)
                return opened;
            if (_connection is not { IsOpen: true })
            {
                if (_connection is not null)
                    await _connection.DisposeAsync();
                _connection = await BrokerHost.ConnectAsync(connections.RabbitMq!, ct);
            }
            return _channel = await _connection.CreateChannelAsync(new(true, true), ct);
        }
        finally
        {
            _connecting.Release();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "Answers are dropped, the events are published all the same: {Reason}. Give the worker's user the right to write to amq.default (rabbitmqctl set_permissions), which answers to a reply_to need"
        )]
        public static partial void NoRight(ILogger logger, string reason);
    }
}
