using MassTransit.Mediator;

namespace ImageWorker.Saga;

/// <summary>
/// The one door into the saga. Every part of the worker tells it here: commands, answers of calls, callbacks, ticks. No
/// queue reaches the saga in another way.
/// </summary>
public sealed class RequestDoor(IMediator mediator)
{
    /// <summary>Runs the message's step. Returns once the step is committed.</summary>
    /// <exception cref="Exception">The step failed, and nothing of it was saved.</exception>
    public Task TellAsync(object message, CancellationToken ct = default) => mediator.Send(message, ct);
}
