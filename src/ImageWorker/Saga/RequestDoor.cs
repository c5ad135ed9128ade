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

    /// <summary>Runs the message's step. Returns once the step is committed.</summary>
    /// <exception cref="Exception">The step failed, and nothing of it was saved.</exception>
    public async Task TellAsync(object message, CancellationToken ct = default)
    {
        // Whoever tells logs a failure. MassTransit would log it once more.
        LogContext.Current = Silent;
        await mediator.Send(message, ct);
    }
}
