using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Operations;
using ImageWorker.Requests;
using ImageWorker.Submission;
using ImageWorker.Tests.Saga;
using ImageWorker.Tests.Zpk;
using ImageWorker.Tests.ZpkSimulator;
using ImageWorker.ZpkSimulator;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Submission;

public sealed class SubmitterTests : IDisposable
{
    private const string Refusal =
        """{"success":false,"errors":[{"id":"INVALID_PARAMETER","message":"too long","on":"prompt"}]}""";
    private const string BadKey =
        """{"success":false,"errors":[{"id":"INVALID_API_KEY","message":"no","on":"api_key"}]}""";

    private readonly StubZpk _zpk = new();

    public void Dispose() => _zpk.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_accepted_submission_is_noted_and_told()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);

        var told = (await worker.HandleAsync(submit)).Only<SubmissionAccepted>();

        Assert.Equal((submit.SubmissionId, 0.0760m), (told.SubmissionId, told.Answer.Cost));
        Assert.Equal(worker.Time.GetUtcNow(), told.AnsweredAt);
        var body = JsonDocument.Parse(Assert.Single(_zpk.Bodies)).RootElement;
        Assert.Equal(submit.SubmissionId, body.GetProperty("unique_request_id").GetString());
        Assert.Equal("fast", body.GetProperty("connection_type").GetString());
        Assert.Equal(2, body.GetProperty("num").GetInt32());
        var entry = await EntryAsync(worker, submit);
        Assert.Equal((LedgerState.Accepted, 1, 0.0760m), (entry.State, entry.Calls, entry.Cost));
    }

    [Fact]
    public async Task What_was_answered_before_is_neither_submitted_nor_told_again()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);
        await worker.HandleAsync(submit);

        var again = await worker.HandleAsync(submit);

        Assert.Equal("", again.Says);
        Assert.Equal((1, 0), (_zpk.GenerateCalls, _zpk.CheckCalls));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(8, 2)]
    public async Task A_lost_answer_is_looked_up_not_paid_again(int visibleAfter, int lookUps)
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var simulator = await ZpkSimulatorServer.StartAsync(
            new() { TimeProvider = time, VisibilityDelay = TimeSpan.FromSeconds(visibleAfter) },
            Ct
        );
        await using var worker = await WorkerUnderTest.StartAsync(settings: Using(simulator));
        var submit = await StartAsync(worker);
        simulator.SetFaults("reset generate after x1");

        var answer = await worker.HandleAsync(submit);
        for (var lookUp = 0; lookUp < lookUps; lookUp++)
            answer = await LookUpAsync(worker, answer.Only<SubmissionDeferred>(), time.Advance);

        Assert.Equal(2, answer.Only<SubmissionAccepted>().Answer.Images.Count);
        var totals = simulator.ReadLedger().Totals;
        Assert.Equal((1, 2, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
    }

    [Fact]
    public async Task A_call_that_never_arrived_is_made_again_under_the_same_id()
    {
        await using var simulator = await ZpkSimulatorServer.StartAsync(new(), Ct);
        await using var worker = await WorkerUnderTest.StartAsync(settings: Using(simulator));
        var submit = await StartAsync(worker);
        simulator.SetFaults("reset generate before x1");

        var lost = (await worker.HandleAsync(submit)).Only<SubmissionDeferred>();
        var lostAt = worker.Time.GetUtcNow();
        var tooEarly = (await LookUpAsync(worker, lost)).Only<SubmissionDeferred>();
        await LookUpAsync(worker, tooEarly);

        Assert.Equal(TimeSpan.FromSeconds(10), worker.Time.GetUtcNow() - lostAt);
        var paid = Assert.Single(simulator.ReadLedger().Submissions);
        Assert.Equal((submit.SubmissionId, 1), (paid.UniqueRequestId, paid.TimesAccepted));
        var entry = await EntryAsync(worker, submit);
        Assert.Equal((LedgerState.Accepted, 2), (entry.State, entry.Calls));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task A_gateway_error_leaves_the_call_in_doubt(int status)
    {
        _zpk.Generate("{}", status);
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);

        var told = (await worker.HandleAsync(submit)).Only<SubmissionDeferred>();

        Assert.True(told.InDoubt);
        Assert.Equal(1, _zpk.GenerateCalls);
        Assert.Equal(LedgerState.Started, (await EntryAsync(worker, submit)).State);
    }

    [Fact]
    public async Task Not_found_before_the_lease_ends_proves_nothing()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);
        await ClaimAsync(worker, submit);

        var told = (await worker.HandleAsync(submit)).Only<SubmissionDeferred>();

        Assert.True(told.InDoubt);
        Assert.Equal(worker.Time.GetUtcNow() + TimeSpan.FromSeconds(45), told.NotBefore);
        Assert.Equal((0, 1), (_zpk.GenerateCalls, _zpk.CheckCalls));
    }

    [Fact]
    public async Task What_another_process_holds_is_left_alone_while_its_call_may_last_and_made_again_after_its_lease()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        await using var dead = await WorkerUnderTest.StartAsync(other: worker);
        var submit = await StartAsync(worker);
        await ClaimAsync(dead, submit);

        var held = (await worker.HandleAsync(submit)).Only<SubmissionDeferred>();
        var callsWhileHeld = _zpk.GenerateCalls + _zpk.CheckCalls;
        worker.Time.Advance(TimeSpan.FromSeconds(35));
        var ended = worker.Time.GetUtcNow();
        var missed = (await worker.HandleAsync(submit)).Only<SubmissionDeferred>();
        var paidBeforeLeaseEnds = _zpk.GenerateCalls;
        worker.Time.Advance(TimeSpan.FromSeconds(10));
        var taken = await worker.HandleAsync(submit);

        Assert.Equal((true, ended), (held.InDoubt, held.NotBefore));
        Assert.Equal(0, callsWhileHeld);
        Assert.Equal((true, worker.Time.GetUtcNow()), (missed.InDoubt, missed.NotBefore));
        Assert.Equal(0, paidBeforeLeaseEnds);
        Assert.Equal("SubmissionAccepted", taken.Says);
        Assert.Equal((1, 2), (_zpk.GenerateCalls, _zpk.CheckCalls));
    }

    [Fact]
    public async Task What_a_dead_process_had_accepted_is_adopted_once_its_call_must_be_over()
    {
        _zpk.Check(Answers.Running("27"));
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        await using var dead = await WorkerUnderTest.StartAsync(other: worker);
        var submit = await StartAsync(worker);
        await ClaimAsync(dead, submit);
        worker.Time.Advance(TimeSpan.FromSeconds(35));

        var adopted = await worker.HandleAsync(submit);

        Assert.Equal("SubmissionAccepted", adopted.Says);
        Assert.Equal((0, 1), (_zpk.GenerateCalls, _zpk.CheckCalls));
        Assert.Equal((LedgerState.Accepted, 1), await StateAndCallsAsync(worker, submit));
    }

    [Fact]
    public async Task Two_processes_that_find_nothing_at_the_same_time_pay_once()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        using var slowZpk = new StubZpk();
        await using var slow = await WorkerUnderTest.StartAsync(slowZpk, other: worker);
        await using var dead = await WorkerUnderTest.StartAsync(other: worker);
        var submit = await StartAsync(worker);
        await ClaimAsync(dead, submit);
        worker.Time.Advance(TimeSpan.FromSeconds(45));
        var slowIsChecking = Gate();
        var callIsUnderWay = Gate();
        var slowIsDone = Gate();
        slowZpk.OnCheck = async () =>
        {
            slowIsChecking.SetResult();
            await callIsUnderWay.Task;
            return StubApi.Json(Answers.NotFound);
        };
        _zpk.OnGenerate = async () =>
        {
            callIsUnderWay.SetResult();
            await slowIsDone.Task;
            return StubApi.Json(StubZpk.Accepted);
        };

        var slowHandles = slow.ConsumeAsync(submit, Guid.NewGuid());
        await Eventually.EndsAsync(slowIsChecking.Task);
        var handles = worker.ConsumeAsync(submit, Guid.NewGuid());
        await slowHandles;
        slowIsDone.SetResult();
        await handles;

        Assert.Equal((1, 0), (_zpk.GenerateCalls, slowZpk.GenerateCalls));
        Assert.IsType<SubmissionAccepted>(Assert.Single(worker.TakeWork()));
        Assert.IsType<SubmissionDeferred>(Assert.Single(slow.TakeWork()));
    }

    [Fact]
    public async Task A_call_that_is_one_too_many_is_held_back_its_claim_released_and_has_not_failed()
    {
        _zpk.OnGenerate = () => Task.FromResult(StubApi.RetryAfter(429, 7));
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);

        var held = (await worker.HandleAsync(submit)).Only<HeldBack>();
        var released = await EntryAsync(worker, submit);
        _zpk.Generate(StubZpk.Accepted);
        var until = worker.Time.GetUtcNow() + TimeSpan.FromSeconds(7);
        worker.Time.Advance(TimeSpan.FromSeconds(7));
        var again = await worker.HandleAsync(submit);

        Assert.Equal((until, TimeSpan.FromSeconds(7)), (held.Until, held.Refusal?.RetryAfter));
        Assert.Equal(LedgerState.Released, released.State);
        Assert.Equal("SubmissionAccepted", again.Says);
        Assert.Equal((2, 0), (_zpk.GenerateCalls, _zpk.CheckCalls));
        Assert.Equal((LedgerState.Accepted, 2), await StateAndCallsAsync(worker, submit));
    }

    [Fact]
    public async Task Refused_credentials_hold_back_and_lose_nothing()
    {
        _zpk.Generate(BadKey);
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);

        var held = (await worker.HandleAsync(submit)).Only<HeldBack>();

        Assert.Equal((worker.Time.GetUtcNow() + TimeSpan.FromSeconds(30), null), (held.Until, held.Refusal));
        Assert.Equal((LedgerState.Released, 1), await StateAndCallsAsync(worker, submit));
    }

    [Theory]
    [InlineData("""{"success":false,"errors":[{"id":"INSUFFICIENT_BALANCE","message":"no money","on":null}]}""", 200)]
    [InlineData("payment required", 402)]
    public async Task What_is_refused_because_of_the_account_pauses_paid_calls_and_fails_no_request(
        string body,
        int status
    )
    {
        _zpk.Generate(body, status);
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);
        var gate = worker.Services.GetRequiredService<ZpkGate>();

        var held = (await worker.HandleAsync(submit)).Only<HeldBack>();

        Assert.Equal(worker.Time.GetUtcNow() + TimeSpan.FromSeconds(30), held.Until);
        Assert.Equal((LedgerState.Released, 1), await StateAndCallsAsync(worker, submit));
        Assert.Equal(held.Until, gate.ClosedForPaying?.Until);
        // What is paid for is still read.
        Assert.Null(gate.Closed);
    }

    [Theory]
    [InlineData(BadKey, 200)]
    [InlineData("", 402)]
    public async Task A_refusal_of_the_credentials_or_the_account_makes_the_worker_unready_until_zpk_accepts_a_call(
        string body,
        int status
    )
    {
        _zpk.Generate(body, status);
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);
        var health = new ZpkHealth(worker.Services.GetRequiredService<ZpkGate>());

        await worker.HandleAsync(submit);
        var refused = await health.CheckHealthAsync(new(), TestContext.Current.CancellationToken);
        _zpk.Generate(StubZpk.Accepted);
        worker.Time.Advance(TimeSpan.FromSeconds(30));
        await worker.HandleAsync(submit);
        var mended = await health.CheckHealthAsync(new(), TestContext.Current.CancellationToken);

        Assert.Equal((HealthStatus.Unhealthy, HealthStatus.Healthy), (refused.Status, mended.Status));
    }

    [Fact]
    public async Task A_refusal_of_the_id_itself_is_looked_up_since_an_earlier_call_had_arrived()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);
        _zpk.Generate(
            """{"success":false,"errors":[{"id":"ALREADY_USED","message":"used","on":"unique_request_id"}]}"""
        );

        var told = (await worker.HandleAsync(submit)).Only<SubmissionDeferred>();
        _zpk.Check(StubZpk.Accepted);
        var found = await worker.HandleAsync(submit);

        Assert.True(told.InDoubt);
        Assert.Equal("SubmissionAccepted", found.Says);
        Assert.Equal((1, 1), (_zpk.GenerateCalls, _zpk.CheckCalls));
    }

    [Fact]
    public async Task A_refusal_is_told_with_every_error_and_is_final()
    {
        _zpk.Generate(Refusal);
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);

        var refused = await worker.HandleAsync(submit);
        var again = await worker.HandleAsync(submit);
        var closed = await worker.HandleAsync(refused.Only<SubmissionRefused>());

        Assert.Equal("", again.Says);
        Assert.Equal((LedgerState.Refused, 1), await StateAndCallsAsync(worker, submit));
        var failed = closed.Only<ImagesFailed>();
        Assert.Equal(FailureReason.RejectedByProvider, failed.Reason);
        Assert.Equal([new RequestError("INVALID_PARAMETER", "too long", "prompt")], failed.Errors);
        Assert.Equal(0m, failed.Cost.Total);
    }

    [Theory]
    [InlineData(BadKey, 200, 30)]
    [InlineData("", 429, 0)]
    public async Task A_look_up_that_is_held_back_leaves_the_doubt(string body, int status, int pause)
    {
        _zpk.Check(body, status);
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);
        await ClaimAsync(worker, submit);
        worker.Time.Advance(TimeSpan.FromSeconds(45));

        var held = (await worker.HandleAsync(submit)).Only<HeldBack>();

        Assert.Equal(worker.Time.GetUtcNow() + TimeSpan.FromSeconds(pause), held.Until);
        Assert.Equal(0, _zpk.GenerateCalls);
        Assert.Equal((LedgerState.Started, 1), await StateAndCallsAsync(worker, submit));
    }

    [Fact]
    public async Task A_look_up_without_an_answer_leaves_the_doubt()
    {
        _zpk.Check("<h1>gateway</h1>", 502);
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);
        await ClaimAsync(worker, submit);
        worker.Time.Advance(TimeSpan.FromSeconds(45));

        var told = (await worker.HandleAsync(submit)).Only<SubmissionDeferred>();

        Assert.True(told.InDoubt);
        Assert.Null(told.NotBefore);
        Assert.Equal(0, _zpk.GenerateCalls);
        Assert.Equal((LedgerState.Started, 1), await StateAndCallsAsync(worker, submit));
    }

    [Fact]
    public async Task What_is_cancelled_is_looked_up_and_not_submitted_again()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);
        await ClaimAsync(worker, submit);
        await worker.HandleAsync(new CancelImages { RequestId = submit.RequestId });
        worker.Time.Advance(TimeSpan.FromSeconds(45));

        var told = await worker.HandleAsync(submit);
        var closed = await worker.HandleAsync(told.Only<SubmissionWithdrawn>());

        Assert.Equal((0, 1), (_zpk.GenerateCalls, _zpk.CheckCalls));
        Assert.Equal((LedgerState.Released, 1), await StateAndCallsAsync(worker, submit));
        Assert.Equal(0m, closed.Only<ImagesFailed>().Cost.Total);
    }

    [Fact]
    public async Task What_is_cancelled_and_had_arrived_is_adopted()
    {
        _zpk.Check(Answers.Running("27"));
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);
        await ClaimAsync(worker, submit);
        await worker.HandleAsync(new CancelImages { RequestId = submit.RequestId });

        var told = await worker.HandleAsync(submit);

        Assert.Equal("SubmissionAccepted", told.Says);
        Assert.Equal(0, _zpk.GenerateCalls);
    }

    [Fact]
    public async Task What_was_cancelled_before_it_was_sent_is_not_sent()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);
        await worker.HandleAsync(new CancelImages { RequestId = submit.RequestId });

        var told = await worker.HandleAsync(submit);

        Assert.Equal("SubmissionWithdrawn", told.Says);
        Assert.Equal((0, 0), (_zpk.GenerateCalls, _zpk.CheckCalls));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_one_process_held_back_and_another_one_is_sending_is_not_called_unsent(bool isToldLate)
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        using var sendingZpk = new StubZpk();
        await using var sending = await WorkerUnderTest.StartAsync(sendingZpk, other: worker);
        _zpk.IsAway = true;
        var submit = await StartAsync(worker);
        var (callIsUnderWay, mayEnd) = (Gate(), Gate());
        sendingZpk.OnGenerate = async () =>
        {
            callIsUnderWay.SetResult();
            await mayEnd.Task;
            return StubApi.Json(StubZpk.Accepted);
        };

        var heldBack = (await worker.HandleAsync(submit)).Only<SubmissionDeferred>();
        var sends = sending.ConsumeAsync(submit, Guid.NewGuid());
        await Eventually.EndsAsync(callIsUnderWay.Task);
        var cancel = new CancelImages { RequestId = submit.RequestId };
        if (!isToldLate)
            await worker.HandleAsync(heldBack);
        var stopped = await worker.HandleAsync(cancel);
        if (isToldLate)
            stopped = await worker.HandleAsync(heldBack);
        var asked = (await worker.TickAsync(submit.RequestId, TimeSpan.Zero)).Only<SubmitImages>();
        var told = (await worker.HandleAsync(asked)).Only<SubmissionDeferred>();
        var waiting = await worker.HandleAsync(told);
        mayEnd.SetResult();
        await sends;
        var closed = await worker.HandleAsync(Assert.IsType<SubmissionAccepted>(Assert.Single(sending.TakeWork())));

        Assert.Equal((false, true), (heldBack.InDoubt, told.InDoubt));
        Assert.Equal(("Closing", "Closing"), (stopped.State, waiting.State));
        Assert.Equal(0.0760m, closed.Only<ImagesFailed>().Cost.Total);
    }

    [Fact]
    public async Task What_was_never_sent_is_closed_at_once_however_long_zpk_is_to_be_left_alone()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = await StartAsync(worker);
        _zpk.OnCheck = () => Task.FromResult(StubApi.RetryAfter(503, 600));
        await worker.HandleAsync(new CheckImages(Guid.NewGuid(), "abcdefgh23456777", "ZPK983ujdsifoj38497"));

        await worker.HandleAsync(new CancelImages { RequestId = submit.RequestId });
        var asked = (await worker.TickAsync(submit.RequestId, TimeSpan.Zero)).Only<SubmitImages>();
        var told = (await worker.HandleAsync(asked)).Only<SubmissionWithdrawn>();
        var closed = await worker.HandleAsync(told);

        Assert.Equal(0m, closed.Only<ImagesFailed>().Cost.Total);
    }

    [Fact]
    public async Task What_is_only_to_be_found_out_waits_for_no_turn()
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Submission:PerSecond"] = "0.01",
            ["Submission:AtOnce"] = "1",
        };
        await using var worker = await WorkerUnderTest.StartAsync(_zpk, settings);
        var (unsent, sending) = (Command(), Command());
        await worker.HandleAsync(sending);
        await worker.WithAsync<SubmissionLedger, int>(async ledger =>
            (await ledger.PickAsync(2, new TurnOrder().Lines)).Picked.Count
        );
        await worker.HandleAsync(unsent);
        await worker.WithAsync<SubmissionPace, bool>(pace => pace.WaitForTurnAsync());
        await worker.HandleAsync(new CancelImages { RequestId = unsent.RequestId });

        var asked = (await worker.TickAsync(unsent.RequestId, TimeSpan.Zero)).Only<SubmitImages>();
        var told = await worker.HandleAsync(asked);

        Assert.Equal("SubmissionWithdrawn", told.Says);
    }

    private static TaskCompletionSource Gate() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task<SubmitImages> StartAsync(WorkerUnderTest worker) =>
        (await worker.HandleAsync(Command())).Only<SubmitImages>();

    /// <summary>As by a process that died right after.</summary>
    private static Task<Claim> ClaimAsync(WorkerUnderTest worker, SubmitImages submit) =>
        worker.WithAsync<SubmissionLedger, Claim>(ledger =>
            ledger.ClaimAsync(new(submit.SubmissionId, submit.RequestId), Ct)
        );

    private static Task<SubmissionEntry> EntryAsync(WorkerUnderTest worker, SubmitImages submit) =>
        worker.InDatabaseAsync(db => db.Submissions.AsNoTracking().SingleAsync(e => e.Id == submit.SubmissionId, Ct));

    private static async Task<(LedgerState State, int Calls)> StateAndCallsAsync(
        WorkerUnderTest worker,
        SubmitImages submit
    ) => await EntryAsync(worker, submit) is var entry ? (entry.State, entry.Calls) : default;

    /// <summary>Tells the saga of a call in doubt, and has it looked up when that is due.</summary>
    private static async Task<Handled> LookUpAsync(
        WorkerUnderTest worker,
        SubmissionDeferred doubt,
        Action<TimeSpan>? advance = null
    )
    {
        Assert.True(doubt.InDoubt);
        var deferred = (await worker.HandleAsync(doubt)).Request!;
        advance?.Invoke(deferred.NextTickAt!.Value - worker.Time.GetUtcNow());
        var retried = (await worker.TickWhenDueAsync(deferred)).Only<SubmitImages>();
        Assert.Equal(doubt.SubmissionId, retried.SubmissionId);
        return await worker.HandleAsync(retried);
    }

    private static Dictionary<string, string?> Using(ZpkSimulatorServer simulator) =>
        new(StringComparer.Ordinal) { ["Zpk:BaseAddress"] = simulator.BaseAddress.ToString() };
}
