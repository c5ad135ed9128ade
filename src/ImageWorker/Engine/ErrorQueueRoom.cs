using ImageWorker.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Engine;

/// <summary>
/// How much more an error queue may hold. The broker is asked now and again, because other processes put messages aside
/// too, and operators take them away. In between they are counted here.
/// </summary>
/// <param name="queue">The error queue.</param>
/// <param name="limit">Messages that it may hold, about: those under way to it are not counted yet.</param>
/// <param name="connections">How to ask the broker.</param>
/// <param name="time">The clock.</param>
public sealed class ErrorQueueRoom(string queue, int limit, Connections connections, TimeProvider time)
{
    private static readonly TimeSpan AskPause = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private Task? _asking;
    private long _asked;
    private long _held;

    /// <summary>Takes a place for one message; false if there is none.</summary>
    public async Task<bool> TakeAsync(CancellationToken ct)
    {
        await AskedAsync().WaitAsync(ct);
        lock (_lock)
        {
            if (_held >= limit)
                return false;
            _held++;
            return true;
        }
    }

    /// <summary>Ends once the last answer is here.</summary>
    private Task AskedAsync()
    {
        lock (_lock)
        {
            if (_asking is null || (_asking.IsCompleted && time.GetElapsedTime(_asked) >= AskPause))
            {
                _asked = time.GetTimestamp();
                _asking = connections.RabbitMq is { } rabbitMq ? AskAsync(rabbitMq) : Task.CompletedTask;
            }
            return _asking;
        }
    }

    private async Task AskAsync(string rabbitMq)
    {
        try
        {
            await using var connection = await BrokerHost.ConnectAsync(rabbitMq, CancellationToken.None);
            await using var channel = await connection.CreateChannelAsync();
            Hold(await channel.MessageCountAsync(queue));
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason?.ReplyCode is Constants.NotFound)
        {
            Hold(0);
        }
        catch (Exception exception) when (exception is BrokerException or RabbitMQClientException)
        {
            // The broker is away. What was counted holds.
        }
    }

    private void Hold(long messages)
    {
        lock (_lock)
            _held = messages;
    }
}
