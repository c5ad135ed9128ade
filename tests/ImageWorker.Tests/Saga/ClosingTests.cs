using ImageWorker.Contracts;
using ImageWorker.Requests;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Saga;

/// <summary>Deadlines and cancellations.</summary>
public sealed class ClosingTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Fact]
    public async Task The_last_look_at_the_deadline_is_taken_again_should_its_process_die()
    {
        var (id, request) = await worker.ReachAsync(Given.LastCheck);

        var again = await worker.TickWhenDueAsync(request!);
        var closed = await worker.HandleAsync(request!.Checked(worker, Generated(0), Generated(1)));

        Assert.Equal("CheckImages", again.Says);
        Assert.Equal(("Closed", "ImagesReady"), (closed.State, closed.Says));
        Assert.Equal(id, closed.Request!.CorrelationId);
    }

    [Fact]
    public async Task At_the_deadline_a_last_check_still_counts()
    {
        var request = (await worker.HandleAsync(Command())).Request!;
        request = (await worker.HandleAsync(request.Accepted(worker, 0.0760m, Running(0), Running(1)))).Request!;
        var last = await worker.TickAsync(request.CorrelationId, TimeSpan.FromSeconds(1801));

        var closed = await worker.HandleAsync(last.Request!.Checked(worker, Generated(0), Running(1)));

        Assert.Equal(request.Submissions[0].Id, last.Only<CheckImages>().ProviderId);
        var ready = closed.Only<ImagesReady>();
        Assert.Equal([null, "DEADLINE_EXCEEDED"], ready.Images.Select(image => image.ErrorId), StringComparer.Ordinal);
        Assert.Equal(0.0760m, ready.Cost.Total);
        Assert.Equal(last.Request!.RequestedAt, ready.RequestedAt);
        Assert.Equal(worker.Time.GetUtcNow(), ready.ClosedAt);
    }

    [Fact]
    public async Task An_error_seen_by_the_last_check_is_not_resent()
    {
        var request = (await worker.ReachAsync(Given.LastCheck)).Request!;

        var closed = await worker.HandleAsync(request.Checked(worker, Failed(0), Failed(1)));

        Assert.Equal(FailureReason.DeadlineExceeded, closed.Only<ImagesFailed>().Reason);
    }

    [Fact]
    public async Task A_last_check_that_is_not_answered_in_time_does_not_hold_up_the_end()
    {
        var request = (await worker.ReachAsync(Given.LastCheck)).Request!;

        var closed = await worker.TickAsync(request.CorrelationId, TimeSpan.FromSeconds(90));

        var failed = closed.Only<ImagesFailed>();
        Assert.Equal(FailureReason.DeadlineExceeded, failed.Reason);
        Assert.Equal(0.0760m, failed.Cost.Total);
        Assert.Equal(TimeSpan.FromSeconds(90), failed.ClosedAt - (request.CloseBy!.Value - TimeSpan.FromSeconds(90)));
    }

    [Fact]
    public async Task A_submission_that_cannot_be_resolved_says_so_and_what_it_may_have_cost()
    {
        var given = await worker.ReachAsync(Given.InDoubt);
        var stopped = await worker.TickAsync(given.Id, TimeSpan.FromSeconds(1801));

        var closed = await worker.TickAsync(given.Id, TimeSpan.FromSeconds(90));

        Assert.Equal("Closing", stopped.State);
        var failed = closed.Only<ImagesFailed>();
        Assert.Equal(FailureReason.SubmissionUnresolved, failed.Reason);
        Assert.Null(failed.Cost.Total);
        Assert.Equal(0.0760m, failed.Cost.Estimated);
        Assert.Equal(SubmissionOutcome.Unresolved, Assert.Single(failed.Cost.Submissions).Outcome);
        Assert.All(failed.Images, image => Assert.Equal("SUBMISSION_UNRESOLVED", image.ErrorId));
        Assert.All(failed.Images, image => Assert.Null(image.Cost));
    }

    [Fact]
    public async Task What_was_never_sent_by_the_deadline_costs_nothing()
    {
        var given = await worker.ReachAsync(Given.Deferred);

        var stopped = await worker.TickAsync(given.Id, TimeSpan.FromSeconds(1801));
        var asked = await worker.TickAsync(given.Id, TimeSpan.Zero);
        var told = await worker.HandleAsync(asked.Only<SubmitImages>());
        var closed = await worker.HandleAsync(told.Only<SubmissionWithdrawn>());

        Assert.Equal(("Closing", ""), (stopped.State, stopped.Says));
        var failed = closed.Only<ImagesFailed>();
        Assert.Equal(FailureReason.DeadlineExceeded, failed.Reason);
        Assert.Equal((0m, 0m), (failed.Cost.Total, failed.Cost.Estimated));
        Assert.Equal(SubmissionOutcome.NotSent, failed.Cost.Submissions[0].Outcome);
    }

    [Fact]
    public async Task A_cancellation_waits_for_a_submission_in_doubt_and_then_states_its_cost()
    {
        var given = await worker.ReachAsync(Given.InDoubt);

        var waiting = await worker.HandleAsync(new CancelImages { RequestId = given.Id });
        var lookedUp = await worker.TickWhenDueAsync(waiting.Request!);
        var closed = await worker.HandleAsync(lookedUp.Request!.Accepted(worker, 0.0760m, Running(0), Running(1)));

        Assert.Equal(("Closing", ""), (waiting.State, waiting.Says));
        Assert.Equal(waiting.Request!.Submissions[0].Id, lookedUp.Only<SubmitImages>().SubmissionId);
        var failed = closed.Only<ImagesFailed>();
        Assert.Equal(FailureReason.Cancelled, failed.Reason);
        Assert.Equal(0.0760m, failed.Cost.Total);
        Assert.All(failed.Images, image => Assert.Equal("CANCELLED", image.ErrorId));
    }

    [Fact]
    public async Task A_cancellation_keeps_what_was_generated_before_it()
    {
        var given = await worker.ReachAsync(Given.WaitingToResend);

        var closed = await worker.HandleAsync(new CancelImages { RequestId = given.Id });

        var failed = closed.Only<ImagesFailed>();
        Assert.Equal(FailureReason.Cancelled, failed.Reason);
        Assert.Equal([ImageStatus.Generated, ImageStatus.Failed], failed.Images.Select(image => image.Status));
        Assert.NotNull(failed.Images[0].Url);
    }

    [Fact]
    public async Task A_cancelled_call_that_never_arrived_costs_nothing()
    {
        var request = (await worker.ReachAsync(Given.Closing)).Request!;

        var closed = await worker.HandleAsync(
            new SubmissionWithdrawn(request.CorrelationId, request.Submissions[0].Id)
        );

        var failed = closed.Only<ImagesFailed>();
        Assert.Equal((FailureReason.Cancelled, 0m), (failed.Reason, failed.Cost.Total));
        Assert.Equal(SubmissionOutcome.NotSent, failed.Cost.Submissions[0].Outcome);
    }

    [Fact]
    public async Task A_cancellation_before_its_command_closes_it_unstarted()
    {
        var id = Guid.NewGuid();
        await worker.HandleAsync(new CancelImages { RequestId = id });

        var closed = await worker.HandleAsync(Command(id));
        var repeated = await worker.HandleAsync(Command(id));

        var failed = closed.Only<ImagesFailed>();
        Assert.Equal((FailureReason.Cancelled, 0m), (failed.Reason, failed.Cost.Total));
        Assert.Equal(["CANCELLED", "CANCELLED"], failed.Images.Select(image => image.ErrorId), StringComparer.Ordinal);
        Assert.Empty(failed.Cost.Submissions);
        Assert.Equal(closed.Events[0].MessageId, repeated.Events[0].MessageId);
    }

    [Fact]
    public async Task A_withdrawal_does_not_undo_what_zpk_accepted()
    {
        var request = (await worker.ReachAsync(Given.LastCheck)).Request!;

        await worker.HandleAsync(new SubmissionWithdrawn(request.CorrelationId, request.Submissions[0].Id));
        var closed = await worker.TickAsync(request.CorrelationId, TimeSpan.FromSeconds(90));

        var cost = closed.Only<ImagesFailed>().Cost;
        Assert.Equal((0.0760m, SubmissionOutcome.Accepted), (cost.Total, cost.Submissions[0].Outcome));
    }

    [Fact]
    public async Task An_acceptance_after_the_end_changes_nothing()
    {
        var given = await worker.ReachAsync(Given.InDoubt);
        await worker.TickAsync(given.Id, TimeSpan.FromSeconds(1801));
        var closed = await worker.TickAsync(given.Id, TimeSpan.FromSeconds(90));

        var late = await worker.HandleAsync(closed.Request!.Accepted(worker, 0.0760m, Running(0), Running(1)));

        Assert.Equal("", late.Says);
        Assert.Equivalent(closed.Request, late.Request, strict: true);
    }
}
