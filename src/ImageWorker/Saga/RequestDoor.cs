using MassTransit.Mediator;

namespace ImageWorker.Saga;

/// <summary>
/// The one door into the saga. What the worker's parts have to say of a request is told here: commands that came, answers
/// of calls, callbacks, ticks. No queue leads to the saga but through it.
/// </summary>
public sealed class RequestDoor(IMediator mediator)
{
    /// <summary>Returns once the step that the message leads to is committed.</summary>
    /// <exception cref="Exception">The step failed, and nothing of it was saved.</exception>
    public Task TellAsync(object message, CancellationToken ct = default) => mediator.Send(message, ct);
}
