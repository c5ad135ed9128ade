using ImageWorker.Hosting;
using ImageWorker.Telemetry;
using MassTransit;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// Has what cannot be read put aside while the error queue has room, and drops it above that: whoever may publish could
/// fill the broker with it. A failure of ours always goes there. Many messages share one line of the log.
/// </summary>
/// <param name="queue">The queue that the messages come from.</param>
/// <param name="connections">How to ask the broker.</param>
/// <param name="options">The limit.</param>
/// <param name="metrics">Count what is dropped.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class UnreadableMessages(
    string queue,
    Connections connections,
    IOptions<QueueOptions> options,
    WorkerMetrics metrics,
    TimeProvider time,
    ILogger<UnreadableMessages> logger
) : IFilter<ExceptionReceiveContext>
{
    private static readonly TimeSpan LogPause = TimeSpan.FromSeconds(10);

    private readonly ErrorQueueRoom _room = new($"{queue}_error", options.Value.MaxPutAside, connections, time);

    private readonly Folded _putAside = new(
        time,
        LogPause,
        (reason, count) =>
        {
            if (count == 1)
                Log.PutAside(logger, queue, reason);
            else
                Log.ManyPutAside(logger, count, queue, reason);
        }
    );

    private readonly Folded _dropped = new(
        time,
        LogPause,
        (reason, count) => Log.Dropped(logger, count, queue, options.Value.MaxPutAside, reason)
    );

    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        if (context.Exception is not UnreadableException { Message: var reason })
        {
            await next.Send(context);
        }
        else if (await _room.TakeAsync(context.CancellationToken))
        {
            await next.Send(context);
            _putAside.Add(reason);
        }
        else
        {
            metrics.Dropped(queue);
            _dropped.Add(reason);
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("unreadableMessages");

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A message from {Queue} cannot be read and is put aside: {Reason}")]
        public static partial void PutAside(ILogger logger, string queue, string reason);

        [LoggerMessage(
            2,
            LogLevel.Error,
            "{Count} more messages from {Queue} cannot be read and are put aside. The first: {Reason}"
        )]
        public static partial void ManyPutAside(ILogger logger, int count, string queue, string reason);

        [LoggerMessage(
            3,
            LogLevel.Error,
            "{Count} messages from {Queue} cannot be read and are dropped, because {Queue}_error holds {Limit} (Queues:MaxPutAside). The first: {Reason}"
        )]
        public static partial void Dropped(ILogger logger, int count, string queue, int limit, string reason);
    }
}
