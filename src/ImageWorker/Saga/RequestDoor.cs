using System.Diagnostics;
using MassTransit;
using MassTransit.Logging;
using MassTransit.Mediator;
using Microsoft.Extensions.Logging.Abstractions;

namespace ImageWorker.Saga;

/// <summary>
/// The one door into the saga. Every part of the worker tells it here: commands, answers of calls, callbacks, ticks. No
/// queue reaches the saga in another way.
/// </summary>
public sealed class RequestDoor(IMediator mediator)
{
    private static readonly BusLogContext Silent = new(NullLoggerFactory.Instance);

    private static readonly AsyncLocal<Activity?> CallersSpan = new();

    /// <summary>The span of whoever told the message that is being handled; null for none.</summary>
    public static Activity? Caller => CallersSpan.Value;

    /// <summary>Runs the message's step. Returns once the step is committed.</summary>
    /// <exception cref="Exception">The step failed, and nothing of it was saved.</exception>
    public async Task TellAsync(object message, CancellationToken ct = default)
    {
        // Whoever tells logs a failure. MassTransit would log it once more.
        LogContext.Current = Silent;
        // MassTransit writes attributes of its own on any span that it finds.
        if (Activity.Current is { } span)
            (CallersSpan.Value, Activity.Current) = (span, null);
        await mediator.Send(message, ct);
    }
}
