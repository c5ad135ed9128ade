using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using MassTransit;
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
    ReplySender replies,
    WebhookDelivery webhooks,
    Queues queues,
    Connections connections,
    BrokerState broker,
    WorkerMetrics metrics,
    IOptions<DeliveryOptions> deliveryOptions,
    TimeProvider time,
    ILogger<OutboxDelivery> logger
) : IDisposable
{
    /// <summary>Begins the destination of a command in the embedded worker's file, for this worker itself.</summary>
    public const string CommandPrefix = "command:";

    /// <summary>One lane for all answers: publishers name their queues, and there is no end of them.</summary>
    private const string ReplyLane = "replies";

    /// <summary>Posts under way at once to one tenant.</summary>
    private const int WebhookConcurrency = 8;

    /// <summary>How long an event waits for one of the same commit that is sent to another exchange.</summary>
    private static readonly TimeSpan OrderPatience = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(1);

    private readonly DeliveryOptions _options = deliveryOptions.Value;
    private readonly ConcurrentDictionary<string, DeliveryLane> _lanes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, bool> _underWay = new();
    private readonly ConcurrentBag<Task> _running = [];

    private readonly Channel<Guid> _done = Channel.CreateUnbounded<Guid>();
    private readonly Channel<OutboxMessage> _failed = Channel.CreateUnbounded<OutboxMessage>();
    private DateTimeOffset _nextSweep;

    /// <summary>
    /// The messages of a process that died belong to it for a whole lease, so frequent searches are useless. But the
    /// embedded worker's commands come this way, and so do events that an exchange refused.
    /// </summary>
    private TimeSpan SweepInterval =>
        connections.IsEmbedded || _options.SweepInterval > _options.Lease / 6 || Lanes.Any(lane => lane.IsFailing)
            ? _options.SweepInterval
            : _options.Lease / 6;

    /// <summary>Those of the broker. Receivers of webhooks can be away for a day, which is nothing to hurry for.</summary>
    private IEnumerable<DeliveryLane> Lanes =>
        _lanes.Where(lane => !OutboxMessage.IsWebhookAddress(lane.Key)).Select(lane => lane.Value);

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await Task.WhenAll(
                SendFreshAsync(stopping),
                Sweep.EveryAsync(
                    _options.SweepInterval,
                    time,
                    SweepAllAsync,
                    error => Log.SweepFailed(logger, error),
                    stopping
                ),
                DeleteDoneAsync(stopping),
                PutOffFailedAsync(stopping)
            );
        }
        finally
        {
            await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        foreach (var lane in _lanes.Values)
            lane.Dispose();
    }

    private async Task SendFreshAsync(CancellationToken stopping)
    {
        await foreach (var messages in fresh.Reader.ReadAllAsync(stopping))
        {
            var before = Task.CompletedTask;
            foreach (var (index, message) in messages.Index())
            {
                var lane = LaneOf(message, stopping);
                var sent = lane.AddAsync(message, time.GetUtcNow() + _options.Lease, before);
                // Most commits have one event, which nothing follows.
                var isLast = index == messages.Count - 1;
                before =
                    isLast || lane.IsFailing
                        ? Task.CompletedTask
                        : Task.WhenAny(sent, Task.Delay(OrderPatience, time, stopping));
            }
        }
    }

    private async Task SweepAllAsync(CancellationToken stopping)
    {
        if (time.GetUtcNow() < _nextSweep)
            return;
        while (await SweepOnceAsync(stopping) == _options.SweepBatch)
        {
            Log.SweepGoesOn(logger, _options.SweepBatch);
            if (Lanes.Any(lane => lane.Waiting > _options.Backlog / 10))
                break;
        }
        _nextSweep = time.GetUtcNow() + SweepInterval - _options.SweepInterval / 2;
    }

    private async Task<int> SweepOnceAsync(CancellationToken stopping)
    {
        var until = time.GetUtcNow() + _options.Lease;
        var left = await database.InAsync(db =>
            db.ClaimOutboxAsync(time.GetUtcNow(), until, _options.SweepBatch, stopping)
        );
        foreach (var message in left)
            _ = LaneOf(message, stopping).AddAsync(message, until, Task.CompletedTask);
        return left.Count;
    }

    private DeliveryLane LaneOf(OutboxMessage message, CancellationToken stopping) =>
        _lanes.GetOrAdd(
            LaneNameOf(message),
            _ =>
            {
                var lane = new DeliveryLane(
                    message.IsWebhook ? WebhookConcurrency : _options.Concurrency,
                    _options.Backlog,
                    (sent, until) => SendAsync(sent, until, stopping)
                );
                _running.Add(lane.RunAsync(stopping));
                return lane;
            }
        );

    private async Task<bool> PostAsync(OutboxMessage message, CancellationToken stopping)
    {
        try
        {
            var state = await webhooks.DeliverAsync(message, stopping);
            if (state is WebhookState.Retrying)
                _underWay.TryRemove(message.Id, out _);
            else
                _done.Writer.TryWrite(message.Id);
            return state is WebhookState.Delivered;
        }
        catch (Exception exception)
        {
            // It is posted again when its lease is over, under the same id.
            if (!stopping.IsCancellationRequested)
                Log.SweepFailed(logger, exception.GetBaseException().Message);
            _underWay.TryRemove(message.Id, out _);
            return false;
        }
    }

    private static string LaneNameOf(OutboxMessage message) => message.IsReply ? ReplyLane : message.Destination;

    private async Task<bool> SendAsync(OutboxMessage message, DateTimeOffset until, CancellationToken stopping)
    {
        var left = until - time.GetUtcNow();
        var destination = LaneNameOf(message);
        // A send can hang for longer than its lease. What is claimed again before its row is gone or put off is the same try.
        if (left <= TimeSpan.Zero || !_underWay.TryAdd(message.Id, value: true))
            return !_lanes[destination].IsFailing;
        return message.IsWebhook
            ? await PostAsync(message, stopping)
            : await PublishAsync(message, destination, left, stopping);
    }

    private async Task<bool> PublishAsync(
        OutboxMessage message,
        string destination,
        TimeSpan left,
        CancellationToken stopping
    )
    {
        // BrokerState said why. Trying it would close the channel that the other events take.
        if (broker.IsHeld(message.Destination))
        {
            metrics.NotDelivered(destination);
            _failed.Writer.TryWrite(message);
            return false;
        }
        using var span = RequestTracing.StartPublish(message, bus.Address);
        try
        {
            // A send waits while the broker is away. It ends with the lease: after that any process may take the row.
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            timeout.CancelAfter(left);
            if (message.Destination.StartsWith(CommandPrefix, StringComparison.Ordinal))
                await door.TellAsync(CommandIn(message), timeout.Token);
            else if (message.IsReply)
                await replies.SendAsync(message, span, timeout.Token);
            else
            {
                var endpoint = await bus.GetSendEndpoint(new Uri(message.Destination));
                await endpoint.Send(new StoredMessage(), new StoredMessagePipe(message, span), timeout.Token);
            }

            CrashPoints.Reach(CrashPoint.AfterDelivery);
            if (_lanes[destination].IsFailing)
                Log.Delivers(logger, destination);
            _done.Writer.TryWrite(message.Id);
            return true;
        }
        catch (Exception exception)
        {
            span.IsFailedBy(exception);
            if (stopping.IsCancellationRequested)
                return false;
            metrics.NotDelivered(destination);
            broker.Doubt();
            // Once an outage, not once a message.
            if (!_lanes[destination].IsFailing)
                Log.SendFailed(logger, destination, exception.GetBaseException().Message);
            _failed.Writer.TryWrite(message);
            return false;
        }
    }

    /// <summary>A message that failed is tried again after 1, 2, 4 … 60 s, by whichever process is first.</summary>
    private async Task PutOffFailedAsync(CancellationToken stopping)
    {
        while (await _failed.Reader.WaitToReadAsync(stopping))
        {
            var failed = new List<OutboxMessage>();
            while (failed.Count < _options.SweepBatch && _failed.Reader.TryRead(out var message))
                failed.Add(message);
            try
            {
                foreach (var again in failed.GroupBy(message => message.Attempts, message => message.Id))
                    await PutOffAsync([.. again], again.Key, stopping);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // They are tried again when their lease is over.
                Log.SweepFailed(logger, exception.GetBaseException().Message);
            }
            failed.ForEach(message => _underWay.TryRemove(message.Id, out _));
        }
    }

    private Task<int> PutOffAsync(List<Guid> ids, int attempts, CancellationToken stopping)
    {
        var backoff = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(attempts, 10)));
        var at = time.GetUtcNow() + (backoff < LongestBackoff ? backoff : LongestBackoff);
        return database.InAsync(db => db.PutOffAsync(ids, attempts, at, stopping));
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

        Arrival From(string queue) => new(message.MessageId, queue, bus.Address);
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
                await database.InAsync(db => db.RemoveDeliveredAsync(batch, stopping));
                batch.ForEach(id => _underWay.TryRemove(id, out _));
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
            "Events to {Destination} are not delivered: {Error}. They stay in the outbox, each is tried again after 1, 2, 4 … 60 s, and events elsewhere go on"
        )]
        public static partial void SendFailed(ILogger logger, string destination, string error);

        [LoggerMessage(5, LogLevel.Information, "Events to {Destination} are delivered again")]
        public static partial void Delivers(ILogger logger, string destination);

        [LoggerMessage(
            4,
            LogLevel.Warning,
            "Delivered messages could not be removed from the outbox: {Error}; it is tried again"
        )]
        public static partial void DeleteFailed(ILogger logger, string error);
    }
}
