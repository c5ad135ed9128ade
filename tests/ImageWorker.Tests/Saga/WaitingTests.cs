using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Tests.Submission;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Saga;

/// <summary>Requests that wait for their first turns.</summary>
public sealed class WaitingTests : IDisposable
{
    private readonly StubZpk _zpk = new();

    /// <summary>So long that a claim is not good for a call any more.</summary>
    private static TimeSpan HeldUp => SubmissionLease.Margin + TimeSpan.FromSeconds(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _zpk.Dispose();

    [Fact]
    public async Task Who_meets_no_others_is_called_at_once_and_who_meets_some_waits()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk, Settings(("Submission:Concurrency", "1")));
        var first = await worker.HandleAsync(Command());
        var calls = worker.Services.GetRequiredService<PendingCalls>();
        calls.Add(first.Only<SubmitImages>());

        var second = await worker.HandleAsync(Command());

        Assert.Null(first.Request!.WaitingSince);
        Assert.Equal(worker.Time.GetUtcNow(), second.Request!.WaitingSince);
        Assert.Equal(first.Request.CorrelationId, second.Only<SubmitImages>().RequestId);
    }

    [Fact]
    public async Task The_deadline_runs_from_the_turn_on()
    {
        await using var worker = await WaitingWorkerAsync();
        var command = Command() with { TimeoutSeconds = 60 };
        await worker.HandleAsync(command);
        worker.Time.Advance(TimeSpan.FromHours(1));
        var unbothered = await worker.TickAsync(command.RequestId, TimeSpan.Zero);

        var next = await PickAsync(worker);
        var late = await worker.TickAsync(command.RequestId, TimeSpan.FromSeconds(61));

        Assert.Equal(("Submitting", ""), (unbothered.State, unbothered.Says));
        Assert.Equal(command.RequestId, next.Request.CorrelationId);
        Assert.Equal("Closing", late.State);
    }

    [Fact]
    public async Task Whose_turn_has_not_come_within_its_time_closes_and_cost_nothing()
    {
        await using var worker = await WaitingWorkerAsync();
        var command = Command() with { StartWithinSeconds = 30, TimeoutSeconds = 10 };
        await worker.HandleAsync(command);
        var early = await worker.TickAsync(command.RequestId, TimeSpan.FromSeconds(29));

        var late = await worker.TickAsync(command.RequestId, TimeSpan.FromSeconds(1));
        Assert.Equal("Closing", late.State);
        var failed = await FindOutAsync(worker, command.RequestId);

        Assert.Equal("Submitting", early.State);
        Assert.Equal((FailureReason.DeadlineExceeded, 0m), (failed.Reason, failed.Cost.Total));
        Assert.Equal(0, _zpk.GenerateCalls);
        Assert.Empty(await worker.WithAsync<SubmissionLedger, IReadOnlyList<PickedRequest>>(NextAsync));
    }

    [Fact]
    public async Task A_cancelled_request_has_no_turn()
    {
        await using var worker = await WaitingWorkerAsync();
        var command = Command();
        await worker.HandleAsync(command);

        await worker.HandleAsync(new CancelImages { RequestId = command.RequestId });
        var picked = await worker.WithAsync<SubmissionLedger, IReadOnlyList<PickedRequest>>(NextAsync);
        var failed = await FindOutAsync(worker, command.RequestId);

        Assert.Empty(picked);
        Assert.Equal((FailureReason.Cancelled, 0m), (failed.Reason, failed.Cost.Total));
    }

    [Fact]
    public async Task A_cancellation_that_meets_the_turn_waits_for_its_call()
    {
        await using var worker = await WaitingWorkerAsync();
        var command = Command();
        await worker.HandleAsync(command);
        var next = await PickAsync(worker);

        await worker.HandleAsync(new CancelImages { RequestId = command.RequestId });
        var closed = await worker.HandleAsync(next.Request.Accepted(worker, 0.0760m, Generated(0), Generated(1)));

        Assert.Equal(("Closed", 0.0760m), (closed.State, closed.Only<ImagesFailed>().Cost.Total));
    }

    [Fact]
    public async Task The_same_command_again_changes_nothing()
    {
        await using var worker = await WaitingWorkerAsync();
        var command = Command();
        var first = await worker.HandleAsync(command);

        var again = await worker.HandleAsync(command);

        Assert.Equal(("Submitting", "", first.Request!.Version), (again.State, again.Says, again.Request!.Version));
    }

    [Fact]
    public async Task A_pick_that_was_held_up_waits_for_its_turn_again_and_is_paid_once()
    {
        await using var worker = await WaitingWorkerAsync();
        var command = Command();
        await worker.HandleAsync(command);

        var first = await PickAsync(worker);
        var heldUp = await SubmitAsync(worker, first, after: HeldUp);
        var callsBefore = _zpk.GenerateCalls;
        var result = await SubmitAsync(worker, await PickAsync(worker), after: TimeSpan.Zero);

        var entry = await worker.InDatabaseAsync(db => db.Submissions.AsNoTracking().SingleAsync(Ct));
        Assert.Null(heldUp.Answer);
        Assert.IsType<SubmissionAccepted>(result.Answer);
        Assert.Equal((0, 1, 2), (callsBefore, _zpk.GenerateCalls, entry.Calls));
        Assert.True(entry.LeaseUntil > first.LeaseUntil);
    }

    [Fact]
    public async Task A_pick_that_was_held_up_beyond_its_time_is_not_paid()
    {
        await using var worker = await WaitingWorkerAsync();
        var command = Command() with { StartWithinSeconds = 3 };
        await worker.HandleAsync(command);

        await SubmitAsync(worker, await PickAsync(worker), after: HeldUp);
        await worker.TickAsync(command.RequestId, TimeSpan.Zero);
        var failed = await FindOutAsync(worker, command.RequestId);

        Assert.Equal((FailureReason.DeadlineExceeded, 0m), (failed.Reason, failed.Cost.Total));
        Assert.Equal(0, _zpk.GenerateCalls);
    }

    [Fact]
    public async Task Who_must_start_in_time_waits_although_it_meets_no_others()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);

        var asked = await worker.HandleAsync(Command() with { StartWithinSeconds = 30 });

        Assert.Equal(worker.Time.GetUtcNow(), asked.Request!.WaitingSince);
        Assert.Equal(worker.Time.GetUtcNow() + TimeSpan.FromSeconds(30), asked.Request.Deadline);
    }

    [Fact]
    public async Task What_is_given_back_when_the_process_stops_is_called_by_another()
    {
        await using var worker = await WaitingWorkerAsync();
        var command = Command();
        await worker.HandleAsync(command);
        var next = await PickAsync(worker);
        var id = next.Request.Submissions[0].Id;

        var waits = await worker.WithAsync<SubmissionLedger, bool>(ledger =>
            ledger.WaitAgainAsync(new(id, next.LeaseUntil))
        );
        var again = await PickAsync(worker);

        var entry = await worker.InDatabaseAsync(db => db.Submissions.AsNoTracking().SingleAsync(Ct));
        Assert.True(waits);
        Assert.Equal(
            (command.RequestId, next.Request.Version + 2),
            (again.Request.CorrelationId, again.Request.Version)
        );
        Assert.Equal((LedgerState.Started, 2), (entry.State, entry.Calls));
    }

    /// <summary>One whose every command waits, because the number of its paid calls is limited.</summary>
    private Task<WorkerUnderTest> WaitingWorkerAsync() =>
        WorkerUnderTest.StartAsync(_zpk, Settings(("Submission:AtOnce", "5")));

    private static Dictionary<string, string?> Settings((string Key, string Value) setting) =>
        new(StringComparer.Ordinal) { [setting.Key] = setting.Value };

    private static async Task<IReadOnlyList<PickedRequest>> NextAsync(SubmissionLedger ledger) =>
        (await ledger.PickAsync(1, new TurnOrder().Lines)).Picked;

    private static async Task<PickedRequest> PickAsync(WorkerUnderTest worker) =>
        Assert.Single(await worker.WithAsync<SubmissionLedger, IReadOnlyList<PickedRequest>>(NextAsync));

    private static Task<CallResult> SubmitAsync(WorkerUnderTest worker, PickedRequest next, TimeSpan after)
    {
        worker.Time.Advance(after);
        var (request, claim) = (next.Request, new Claim.Fresh(next.LeaseUntil, next.ClaimedAt));
        return worker.WithAsync<Submitter, CallResult>(submitter =>
            submitter.HandleAsync(
                new(request.CorrelationId, request.Submissions[0].Id, 2, request.Command!) { AcceptedAt = default },
                claim,
                span: null,
                Ct
            )
        );
    }

    /// <summary>Has a stopped request ask the ledger, and tells it the answer.</summary>
    private static async Task<ImagesFailed> FindOutAsync(WorkerUnderTest worker, Guid id)
    {
        var asked = (await worker.TickAsync(id, TimeSpan.Zero)).Only<SubmitImages>();
        var told = (await worker.HandleAsync(asked)).Only<SubmissionWithdrawn>();
        return (await worker.HandleAsync(told)).Only<ImagesFailed>();
    }
}
