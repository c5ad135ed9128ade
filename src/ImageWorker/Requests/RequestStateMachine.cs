using System.Linq.Expressions;
using ImageWorker.Contracts;
using MassTransit;

namespace ImageWorker.Requests;

/// <summary>
/// The life of a request, whole. It decides and does no I/O: what it decides becomes a <see cref="Delivery.UnitOfWork"/>. A request has one timer, <see cref="ImageRequest.NextTickAt"/>, set after every step and null only once closed.
/// </summary>
public sealed class RequestStateMachine : MassTransitStateMachine<ImageRequest>
{
    public RequestStateMachine(RequestSteps steps)
    {
        InstanceState(request => request.State);

        Correlate(() => GenerateAsked, command => command.RequestId);
        Correlate(() => CancelAsked, command => command.RequestId);
        Correlate(() => Accepted, found => found.RequestId, steps.NoteMissing);
        Correlate(() => Refused, found => found.RequestId, steps.NoteMissing);
        Correlate(() => Deferred, found => found.RequestId, steps.NoteMissing);
        Correlate(() => SubmissionWithdrawn, found => found.RequestId, steps.NoteMissing);
        Correlate(() => Checked, found => found.RequestId, steps.NoteMissing);
        Correlate(() => CalledBack, hint => hint.RequestId, steps.NoteMissing);
        Correlate(() => Ticked, tick => tick.RequestId, steps.NoteMissing);

        Initially(
            When(GenerateAsked, steps.IsFaulty).Then(steps.Refuse).Finalize(),
            When(GenerateAsked, steps.IsOverBudget).Then(steps.CloseOverBudget).TransitionTo(Closed),
            When(GenerateAsked, steps.IsGood).Then(steps.Start).TransitionTo(Submitting),
            // The two commands come by two queues, so a cancellation can overtake what it cancels.
            When(CancelAsked, steps.NamesNoRequest).Then(steps.NoteNameless).Finalize(),
            When(CancelAsked, steps.NamesRequest).Then(steps.AwaitCommand).TransitionTo(Withdrawn)
        );

        During(
            Withdrawn,
            When(GenerateAsked, steps.IsFaulty).Then(steps.Refuse),
            When(GenerateAsked, steps.IsNotFaulty).Then(steps.CloseUnstarted).TransitionTo(Closed),
            Ignore(CancelAsked)
        );

        During(
            [Submitting, Generating, Closing, Closed],
            When(GenerateAsked, steps.IsAnotherCommand).Then(steps.RefuseReusedId)
        );

        During(
            [Submitting, Generating, Closing],
            When(GenerateAsked, steps.IsSameCommand).Then(steps.NoteRepeated),
            When(Refused).Then(steps.RecordRefused).CloseOrGoOn(steps, Closed),
            When(Deferred).Then(steps.RecordDeferred).CloseOrGoOn(steps, Closed),
            When(SubmissionWithdrawn).Then(steps.RecordWithdrawn).CloseOrGoOn(steps, Closed),
            When(Checked).Then(steps.RecordChecked).CloseOrGoOn(steps, Closed),
            When(Ticked, steps.IsStale).Then(steps.NoteStale)
        );

        During(
            [Submitting, Generating],
            When(Accepted).Then(steps.RecordAccepted).TransitionTo(Generating).CloseOrGoOn(steps, Closed),
            When(CalledBack, steps.IsCheckable).Then(steps.PullCheckForward).CloseOrGoOn(steps, Closed),
            When(CancelAsked).Then(steps.StopForCancel).TransitionTo(Closing).CloseOrGoOn(steps, Closed),
            When(Ticked, steps.IsPastDeadline)
                .Then(steps.StopForDeadline)
                .TransitionTo(Closing)
                .CloseOrGoOn(steps, Closed),
            // A check is the commonest thing to come due, and asks for no write: the timer stands until its answer.
            When(Ticked, steps.IsTimeToCheck).Then(steps.CheckWhatIsDue),
            When(Ticked, steps.IsInTime).Then(steps.DoWhatIsDue).CloseOrGoOn(steps, Closed)
        );

        During(
            Closing,
            When(Accepted).Then(steps.RecordAccepted).CloseOrGoOn(steps, Closed),
            When(CancelAsked).Then(steps.NoteRepeated),
            Ignore(CalledBack),
            When(Ticked, steps.IsPastGrace).Then(steps.Close).TransitionTo(Closed),
            When(Ticked, steps.IsInGrace).Then(steps.DoWhatIsDue).CloseOrGoOn(steps, Closed)
        );

        During(
            Closed,
            When(GenerateAsked, steps.IsSameCommand).Then(steps.PublishClosingEvent),
            When(CancelAsked).Then(steps.PublishClosingEvent)
        );

        During(
            // Withdrawn too: a cancellation can come when the row that it is for has had its time and is gone.
            [Withdrawn, Closed],
            When(Accepted).Then(steps.NoteLateAcceptance),
            Ignore(Refused),
            Ignore(Deferred),
            Ignore(SubmissionWithdrawn),
            Ignore(Checked),
            Ignore(CalledBack),
            Ignore(Ticked)
        );

        SetCompletedWhenFinalized();
    }

    /// <summary>Accepted from the publisher; ZPK has not accepted anything yet.</summary>
    public State Submitting { get; private set; } = null!;

    /// <summary>ZPK has accepted at least one submission; images are checked and resent.</summary>
    public State Generating { get; private set; } = null!;

    /// <summary>Cancelled or past its deadline; only calls under way are still waited for.</summary>
    public State Closing { get; private set; } = null!;

    /// <summary>The closing event is out. The row stays for its retention time, and answers repeated commands.</summary>
    public State Closed { get; private set; } = null!;

    /// <summary>Cancelled before its command came.</summary>
    public State Withdrawn { get; private set; } = null!;

    public Event<GenerateImages> GenerateAsked { get; private set; } = null!;
    public Event<CancelImages> CancelAsked { get; private set; } = null!;
    public Event<SubmissionAccepted> Accepted { get; private set; } = null!;
    public Event<SubmissionRefused> Refused { get; private set; } = null!;
    public Event<SubmissionDeferred> Deferred { get; private set; } = null!;
    public Event<SubmissionWithdrawn> SubmissionWithdrawn { get; private set; } = null!;
    public Event<ImagesChecked> Checked { get; private set; } = null!;
    public Event<CallbackReceived> CalledBack { get; private set; } = null!;
    public Event<RequestTick> Ticked { get; private set; } = null!;

    private void Correlate<T>(
        Expression<Func<Event<T>>> @event,
        Func<T, Guid> requestId,
        Action<ConsumeContext>? whenMissing = null
    )
        where T : class =>
        Event(
            @event,
            e =>
            {
                // A command that names no request is refused; its message's id, or its content, tells it from others.
                e.CorrelateById(c => requestId(c.Message) is var id && id != Guid.Empty ? id : c.IdOrContentHash());
                if (whenMissing is not null)
                    e.OnMissingInstance(missing => missing.Execute(whenMissing));
            }
        );
}
