using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using MassTransit;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Engine;

/// <summary>
/// Logs which commands failed and go to the error queue, each once, with its request and its stack trace. What cannot be
/// read is told by <see cref="UnreadableMessages"/>.
/// </summary>
public sealed partial class PutAsideLog(TimeProvider time, ILogger<PutAsideLog> logger) : IReceiveObserver
{
    private static readonly TimeSpan InterruptionLasts = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, (long At, bool HasReason)> _interruptions = new(StringComparer.Ordinal);

    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class
    {
        // A stop or a lost connection only interrupts a command: it stays in its queue.
        if (!context.CancellationToken.IsCancellationRequested)
            Log.Failed(logger, RequestIdOf(context.Message), QueueOf(context.ReceiveContext), exception);
        return Task.CompletedTask;
    }

    public Task ReceiveFault(ReceiveContext context, Exception exception)
    {
        if (IsOnlyNotAcknowledged(exception))
            SayInterrupted(QueueOf(context), exception.GetBaseException());
        // Else ConsumeFault has logged it.
        else if (exception is not UnreadableException && !context.TryGetPayload<ConsumerFaultContext>(out _))
            Log.NotTaken(logger, QueueOf(context), exception);
        return Task.CompletedTask;
    }

    public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class => Task.CompletedTask;

    private static string QueueOf(ReceiveContext context) => context.InputAddress.Segments[^1];

    private static Guid? RequestIdOf(object message) =>
        message switch
        {
            CommandRead<GenerateImages> generate => generate.RequestId,
            CommandRead<CancelImages> cancel => cancel.RequestId,
            _ => null,
        };

    /// <summary>The broker closed the channel or the connection, and delivers the message again.</summary>
    private static bool IsOnlyNotAcknowledged(Exception exception) =>
        exception
            is TransportUnavailableException
                or OperationInterruptedException
                or OperationCanceledException
                or DatabaseForgotException;

    /// <summary>
    /// All commands that were under way on a channel fail together, some for the reason that the broker gave, some for
    /// none: one line tells it, and one more if the reason came later.
    /// </summary>
    private void SayInterrupted(string queue, Exception cause)
    {
        var hasReason = cause is not OperationCanceledException;
        lock (_interruptions)
        {
            if (
                _interruptions.TryGetValue(queue, out var said)
                && time.GetElapsedTime(said.At) < InterruptionLasts
                && (said.HasReason || !hasReason)
            )
                return;
            _interruptions[queue] = (time.GetTimestamp(), hasReason);
        }
        Log.ComesAgain(logger, queue, hasReason ? cause.Message : "the channel or the connection was closed");
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request {RequestId}: its command from {Queue} failed and is put aside")]
        public static partial void Failed(ILogger logger, Guid? requestId, string queue, Exception exception);

        [LoggerMessage(2, LogLevel.Error, "A message from {Queue} could not be taken")]
        public static partial void NotTaken(ILogger logger, string queue, Exception exception);

        [LoggerMessage(
            3,
            LogLevel.Warning,
            "Messages from {Queue} could not be acknowledged, so the broker delivers them again: {Reason}"
        )]
        public static partial void ComesAgain(ILogger logger, string queue, string reason);
    }
}
