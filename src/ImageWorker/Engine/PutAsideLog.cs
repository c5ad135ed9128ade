using System.Runtime.Serialization;
using System.Text.Json;
using MassTransit;

namespace ImageWorker.Engine;

/// <summary>
/// Logs which messages go to the error queue. A publisher's mistake is one line. A failure of ours comes with its stack
/// trace.
/// </summary>
public sealed partial class PutAsideLog(ILogger<PutAsideLog> logger) : IReceiveObserver
{
    public Task ReceiveFault(ReceiveContext context, Exception exception)
    {
        var queue = context.InputAddress.Segments[^1];
        if (exception is SerializationException or JsonException)
            Log.Unreadable(logger, queue, exception.Message);
        else
            Log.Failed(logger, queue, exception);
        return Task.CompletedTask;
    }

    public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class => Task.CompletedTask;

    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A message from {Queue} cannot be read and is put aside: {Reason}")]
        public static partial void Unreadable(ILogger logger, string queue, string reason);

        [LoggerMessage(2, LogLevel.Error, "A message from {Queue} failed and is put aside")]
        public static partial void Failed(ILogger logger, string queue, Exception exception);
    }
}
