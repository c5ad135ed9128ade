using System.Linq.Expressions;
using ImageWorker.Requests;
using MassTransit;

namespace ImageWorker.Saga;

/// <summary>
/// The whole life of a request. The state machine decides and does no I/O: its decisions become a
/// <see cref="Storage.UnitOfWork"/>. Every step sets the request's one timer, <see cref="ImageRequest.NextTickAt"/>.
/// Null only once closed.
/// </summary>
public sealed class RequestStateMachine : MassTransitStateMachine<ImageRequest>
{
    public RequestStateMachine(RequestSteps steps)
    {
        InstanceState(request => request.State);

        Command(() => GenerateAsked);
        Command(() => CancelAsked);
        Correlate(() => Accepted, told => told.RequestId, steps);
        Correlate(() => Refused, told => told.RequestId, steps);
        Correlate(() => Deferred, told => told.RequestId, steps);
        Correlate(() => SubmissionWithdrawn, told => told.RequestId, steps);
        Correlate(() => Checked, told => told.RequestId, steps);
        Correlate(() => CalledBack, told => told.RequestId, steps);
        Correlate(() => Ticked, told => told.RequestId, steps);

        Initially(
            When(GenerateAsked, steps.IsFaulty).Then(steps.Refuse).Finalize(),
            When(GenerateAsked, steps.IsOverBudget).Then(steps.CloseOverBudget).TransitionTo(Closed),
            When(GenerateAsked, steps.IsGood).Then(steps.Start).TransitionTo(Submitting),
            // The two commands come through two queues, so a cancellation can overtake its request.
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
            When(GenerateAsked, steps.IsSameCommand).Then(steps.NoteRepeatedCommand),
            When(Refused).Then(steps.RecordRefused).CloseOrGoOn(steps, Closed),
            When(Deferred).Then(steps.RecordDeferred).CloseOrGoOn(steps, Closed),
            When(SubmissionWithdrawn).Then(steps.RecordWithdrawn).CloseOrGoOn(steps, Closed),
            When(Checked).Then(steps.RecordChecked).CloseOrGoOn(steps, Closed),
            When(Ticked, steps.Finds(TickVerdict.Stale)).Then(steps.NoteStale)
        );

        During(
            [Submitting, Generating],
            When(Accepted).Then(steps.RecordAccepted).TransitionTo(Generating).CloseOrGoOn(steps, Closed),
            When(CalledBack, steps.IsCheckable).Then(steps.PullCheckForward).CloseOrGoOn(steps, Closed),
            When(CancelAsked).Then(steps.StopForCancel).TransitionTo(Closing).CloseOrGoOn(steps, Closed),
            When(Ticked, steps.Finds(TickVerdict.TimeIsUp))
                .Then(steps.StopForDeadline)
                .TransitionTo(Closing)
                .CloseOrGoOn(steps, Closed),
            // Checks come due most often, and need no write: the timer stays until the check's answer.
            When(Ticked, steps.Finds(TickVerdict.OnlyChecks)).Then(steps.CheckWhatIsDue),
            When(Ticked, steps.Finds(TickVerdict.InTime)).Then(steps.DoWhatIsDue).CloseOrGoOn(steps, Closed)
        );

        During(
            Closing,
            When(Accepted).Then(steps.RecordAccepted).CloseOrGoOn(steps, Closed),
            When(CancelAsked).Then(steps.NoteRepeated),
            Ignore(CalledBack),
            When(Ticked, steps.Finds(TickVerdict.TimeIsUp)).Then(steps.Close).TransitionTo(Closed),
            When(Ticked, steps.Finds(TickVerdict.HeldBack)).Then(steps.ExtendGrace).CloseOrGoOn(steps, Closed),
            When(Ticked, steps.Finds(TickVerdict.InTime)).Then(steps.DoWhatIsDue).CloseOrGoOn(steps, Closed)
        );

        During(
            Closed,
            When(GenerateAsked, steps.IsSameCommand).Then(steps.AnswerRepeatedCommand),
            When(CancelAsked).Then(steps.PublishClosingEvent)
        );

        During(
            // Withdrawn too: a cancellation can come after its request's row was removed, and then a late answer.
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

    /// <summary>The command is accepted; ZPK has accepted nothing yet.</summary>
    public State Submitting { get; private set; } = null!;

    /// <summary>ZPK has accepted at least one submission; images are checked and resent.</summary>
    public State Generating { get; private set; } = null!;

    /// <summary>Cancelled or past its deadline; it only waits for calls under way.</summary>
    public State Closing { get; private set; } = null!;

    /// <summary>The closing event is out. The row stays for its retention time, and answers repeated commands.</summary>
    public State Closed { get; private set; } = null!;

    /// <summary>Cancelled before its command came.</summary>
    public State Withdrawn { get; private set; } = null!;

    public Event<GenerateAsked> GenerateAsked { get; private set; } = null!;
    public Event<CancelAsked> CancelAsked { get; private set; } = null!;
    public Event<SubmissionAccepted> Accepted { get; private set; } = null!;
    public Event<SubmissionRefused> Refused { get; private set; } = null!;
    public Event<SubmissionDeferred> Deferred { get; private set; } = null!;
    public Event<SubmissionWithdrawn> SubmissionWithdrawn { get; private set; } = null!;
    public Event<ImagesChecked> Checked { get; private set; } = null!;
    public Event<CallbackReceived> CalledBack { get; private set; } = null!;
    public Event<RequestTick> Ticked { get; private set; } = null!;

    private void Command<T>(Expression<Func<Event<T>>> @event)
        where T : CommandAsked => Event(@event, e => e.CorrelateById(context => context.Message.SagaId));

    private void Correlate<T>(Expression<Func<Event<T>>> @event, Func<T, Guid> requestId, RequestSteps steps)
        where T : class =>
        Event(
            @event,
            e =>
            {
                e.CorrelateById(context => requestId(context.Message));
                e.OnMissingInstance(missing => missing.Execute(steps.NoteMissing));
            }
        );
}
