using ImageWorker.Requests;
using MassTransit;

namespace ImageWorker.Saga;

/// <summary>What the state machine uses in more than one place.</summary>
public static class RequestActivities
{
    /// <summary>Ends every step: closes the request once nothing is left to wait for, else sets its timer.</summary>
    public static EventActivityBinder<ImageRequest, T> CloseOrGoOn<T>(
        this EventActivityBinder<ImageRequest, T> step,
        RequestSteps steps,
        State closed
    )
        where T : class =>
        step.IfElse(
            context => context.Saga.CanClose(),
            close => close.Then(steps.Close).TransitionTo(closed),
            goOn => goOn.Then(steps.SetTimer)
        );
}
