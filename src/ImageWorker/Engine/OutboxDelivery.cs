using System.Text.Json;
using System.Threading.Channels;
using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// Delivers committed messages: from memory right after the commit, and from the table after a crash or an outage. A
/// row goes once the broker has confirmed its message.
/// </summary>
public sealed partial class OutboxDelivery(
    CommittedMessages fresh,
    Database database,
    IBus bus,
    RequestDoor door,
    Queues queues,
    Connections connections,
    IOptions<DeliveryOptions> deliveryOptions,
    TimeProvider time,
    ILogger<OutboxDelivery> logger
) : IDisposable
{
    /// <summary>Begins the destination of a command in the embedded worker's file, for this worker itself.</summary>
    public const string CommandPrefix = "command:";

    private readonly DeliveryOptions _options = deliveryOptions.Value;
    private readonly SemaphoreSlim _sending = new(deliveryOptions.Value.Concurrency);

    private readonly Channel<Guid> _done = Channel.CreateUnbounded<Guid>();

    /// <summary>
    /// The messages of a process that died belong to it for a whole lease, so frequent searches are useless. But the
    /// embedded worker's commands come this way.
    /// </summary>
    private TimeSpan SweepInterval =>
        connections.IsEmbedded || _options.SweepInterval > _options.Lease / 6
            ? _options.SweepInterval
            : _options.Lease / 6;

    public Task RunAsync(CancellationToken stopping) =>
        Task.WhenAll(
            SendFreshAsync(stopping),
            Sweep.EveryAsync(SweepInterval, time, SweepAllAsync, error => Log.SweepFailed(logger, error), stopping),
            DeleteDoneAsync(stopping)
        );

    public void Dispose() => _sending.Dispose();

    private async Task SendFreshAsync(CancellationToken stopping)
    {
        await foreach (var messages in fresh.Reader.ReadAllAsync(stopping))
            await BeginSendAsync(messages, stopping);
    }

    private async Task SweepAllAsync(CancellationToken stopping)
    {
        while (await SweepOnceAsync(stopping) == _options.SweepBatch)
            Log.SweepGoesOn(logger, _options.SweepBatch);
    }

    private async Task<int> SweepOnceAsync(CancellationToken stopping)
    {
        var now = time.GetUtcNow();
        var left = await database.InAsync(db =>
            db.ClaimOutboxAsync(now, now + _options.Lease, _options.SweepBatch, stopping)
        );
        foreach (var message in left)
            await BeginSendAsync([message], stopping);
        return left.Count;
    }

    private async Task BeginSendAsync(IReadOnlyList<OutboxMessage> messages, CancellationToken stopping)
    {
        await _sending.WaitAsync(stopping);
        _ = SendInOrderAsync(messages, stopping);
    }

    private async Task SendInOrderAsync(IReadOnlyList<OutboxMessage> messages, CancellationToken stopping)
    {
        try
        {
            // A send waits while the broker is away. It ends with the lease: after that any process may take the rows.
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            timeout.CancelAfter(_options.Lease);
            foreach (var message in messages)
            {
                if (!await SendAsync(message, timeout.Token, stopping))
                    break;
            }
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task<bool> SendAsync(OutboxMessage message, CancellationToken timeout, CancellationToken stopping)
    {
        using var span = RequestTracing.StartPublish(message, bus.Address);
        try
        {
            if (message.Destination.StartsWith(CommandPrefix, StringComparison.Ordinal))
                await door.TellAsync(CommandIn(message), timeout);
            else
            {
                var endpoint = await bus.GetSendEndpoint(new Uri(message.Destination));
                await endpoint.Send(new StoredMessage(), new StoredMessagePipe(message, span?.Id), timeout);
            }

            CrashPoints.Reach(CrashPoint.AfterDelivery);
            _done.Writer.TryWrite(message.Id);
            return true;
        }
        catch (Exception exception)
        {
            span.IsFailedBy(exception);
            if (!stopping.IsCancellationRequested)
                Log.SendFailed(logger, message.MessageId, message.Destination, exception.Message);
            return false;
        }
    }

    private CommandAsked CommandIn(OutboxMessage message)
    {
        return message.Destination[CommandPrefix.Length..] switch
        {
            nameof(GenerateImages) => new GenerateAsked(Read<GenerateImages>(), From(queues.GenerateImages)),
            nameof(CancelImages) => new CancelAsked(Read<CancelImages>(), From(queues.CancelImages)),
            var name => throw new InvalidOperationException($"{name} is no command."),
        };

        T Read<T>() => JsonSerializer.Deserialize<T>(message.Body, JsonSerializerOptions.Web)!;

        Arrival From(string queue) => new(message.MessageId, queue, RequestTracing.SystemOf(bus.Address));
    }

    private async Task DeleteDoneAsync(CancellationToken stopping)
    {
        var batch = new List<Guid>();
        while (await _done.Reader.WaitToReadAsync(stopping))
        {
            // Nobody waits for a row to go, so many rows go at once.
            if (_done.Reader.Count + batch.Count < _options.DeleteBatch)
                await Task.Delay(_options.DeleteInterval, time, stopping);
            while (batch.Count < _options.DeleteBatch && _done.Reader.TryRead(out var id))
                batch.Add(id);
            try
            {
                await database.InAsync(db =>
                    db.Outbox.Where(message => batch.Contains(message.Id)).ExecuteDeleteAsync(stopping)
                );
                batch.Clear();
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Rows that stay are delivered again. Their message ids show that they are repeats.
                Log.DeleteFailed(logger, exception.Message);
                await Task.Delay(_options.SweepInterval, time, stopping);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Swept {Count} messages, there may be more")]
        public static partial void SweepGoesOn(ILogger logger, int count);

        [LoggerMessage(2, LogLevel.Warning, "The outbox could not be read: {Error}; it is tried again")]
        public static partial void SweepFailed(ILogger logger, string error);

        [LoggerMessage(
            3,
            LogLevel.Warning,
            "Message {MessageId} to {Destination} not delivered: {Error}; it stays in the outbox and is tried again"
        )]
        public static partial void SendFailed(ILogger logger, Guid messageId, string destination, string error);

        [LoggerMessage(
            4,
            LogLevel.Warning,
            "Delivered messages could not be removed from the outbox: {Error}; it is tried again"
        )]
        public static partial void DeleteFailed(ILogger logger, string error);
    }
}
