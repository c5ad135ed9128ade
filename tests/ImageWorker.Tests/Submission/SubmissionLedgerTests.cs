using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Tests.Saga;
using ImageWorker.Tests.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Tests.Submission;

public sealed class SubmissionLedgerTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    /// <summary>The call's timeout, and 5 s.</summary>
    private static readonly TimeSpan CallLease = TimeSpan.FromSeconds(30 + 5);

    /// <summary>That, and the settle time.</summary>
    private static readonly TimeSpan Lease = CallLease + TimeSpan.FromSeconds(10);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_first_claim_is_fresh_and_committed_at_once()
    {
        var (requestId, id) = await WantedAsync();

        var claim = await ClaimByAsync(worker, id, requestId);

        Assert.Equal(new Claim.Fresh(worker.Time.GetUtcNow() + Lease, worker.Time.GetTimestamp()), claim);
        var entry = await EntryAsync(id);
        Assert.Equal((LedgerState.Started, 1, requestId), (entry.State, entry.Calls, entry.RequestId));
        Assert.Equal(worker.Services.GetRequiredService<WorkerIdentity>().Id, entry.Owner);
        Assert.Equal(worker.Time.GetUtcNow() + Lease, entry.LeaseUntil);
        Assert.Equal(worker.Time.GetUtcNow(), entry.StartedAt);
    }

    [Fact]
    public async Task Of_many_claims_at_once_one_is_fresh()
    {
        await using var other = await WorkerUnderTest.StartAsync(other: worker);
        var (requestId, id) = await WantedAsync();

        var claims = await Task.WhenAll(
            Enumerable.Range(0, 16).Select(i => ClaimByAsync(i % 2 == 0 ? worker : other, id, requestId))
        );

        Assert.Single(claims.OfType<Claim.Fresh>());
        Assert.Equal(15, claims.Count(claim => claim is Claim.Leased or Claim.InDoubt { IsConclusive: false }));
        Assert.Equal(1, (await EntryAsync(id)).Calls);
    }

    [Fact]
    public async Task A_process_that_was_held_up_since_its_claim_has_no_time_for_the_call()
    {
        var (requestId, id) = await WantedAsync();
        var ledger = worker.Services.GetRequiredService<SubmissionLedger>();

        var claim = (Claim.Fresh)await ledger.ClaimAsync(new(id, requestId), Ct);
        var atOnce = ledger.HasTimeForCall(claim);
        worker.Time.Advance(TimeSpan.FromSeconds(6));
        var later = ledger.HasTimeForCall(claim);

        Assert.Equal((true, false), (atOnce, later));
    }

    [Fact]
    public async Task Another_process_waits_while_the_call_may_last_then_looks_it_up_and_takes_it_over_at_the_end_of_the_lease()
    {
        await using var other = await WorkerUnderTest.StartAsync(other: worker);
        var (requestId, id) = await WantedAsync();
        await ClaimByAsync(worker, id, requestId);
        var until = worker.Time.GetUtcNow() + Lease;

        var early = await ClaimByAsync(other, id, requestId);
        worker.Time.Advance(CallLease);
        var ended = await ClaimByAsync(other, id, requestId);
        worker.Time.Advance(Lease - CallLease);
        var late = await ClaimByAsync(other, id, requestId);

        Assert.Equal(new Claim.Leased(until - (Lease - CallLease)), early);
        Assert.Equal(new Claim.InDoubt(IsConclusive: false, IsWanted: true, until), ended);
        Assert.Equal(new Claim.InDoubt(IsConclusive: true, IsWanted: true, until), late);
    }

    [Fact]
    public async Task The_owner_may_look_it_up_at_any_time()
    {
        var (requestId, id) = await WantedAsync();
        await ClaimByAsync(worker, id, requestId);

        var again = await ClaimByAsync(worker, id, requestId);

        Assert.Equal(new Claim.InDoubt(IsConclusive: false, IsWanted: true, worker.Time.GetUtcNow() + Lease), again);
    }

    [Fact]
    public async Task A_retake_has_one_winner_however_late_the_others_come()
    {
        await using var other = await WorkerUnderTest.StartAsync(other: worker);
        var (requestId, id) = await WantedAsync();
        await ClaimByAsync(worker, id, requestId);
        worker.Time.Advance(Lease);
        var mine = (Claim.InDoubt)await ClaimByAsync(worker, id, requestId);
        var theirs = (Claim.InDoubt)await ClaimByAsync(other, id, requestId);

        var won = await Task.WhenAll(RetakeAsync(worker, id, mine), RetakeAsync(other, id, theirs));
        worker.Time.Advance(TimeSpan.FromSeconds(1));
        var later = await RetakeAsync(other, id, theirs);

        Assert.Single(won, taken => taken);
        Assert.False(later);
        Assert.Equal(2, (await EntryAsync(id)).Calls);
    }

    [Fact]
    public async Task What_is_settled_cannot_be_retaken()
    {
        var (requestId, id) = await WantedAsync();
        await ClaimByAsync(worker, id, requestId);
        worker.Time.Advance(Lease);
        var doubt = (Claim.InDoubt)await ClaimByAsync(worker, id, requestId);
        await SettleAsync(id, LedgerState.Accepted);

        Assert.False(await RetakeAsync(worker, id, doubt));
    }

    [Theory]
    [InlineData(Given.Initial)]
    [InlineData(Given.Withdrawn)]
    [InlineData(Given.Closing)]
    [InlineData(Given.LastCheck)]
    [InlineData(Given.Closed)]
    public async Task What_nobody_wants_is_not_claimed(Given given)
    {
        var request = await worker.ReachAsync(given);
        var id = SubmissionId.Derive(request.Id, 0, 7);

        var claim = await ClaimByAsync(worker, id, request.Id);

        Assert.IsType<Claim.Unwanted>(claim);
        Assert.False(await worker.InDatabaseAsync(db => db.Submissions.AnyAsync(entry => entry.Id == id, Ct)));
    }

    [Fact]
    public async Task After_the_deadline_nothing_is_claimed_though_its_tick_has_not_come()
    {
        var (requestId, id) = await WantedAsync();
        worker.Time.Advance(TimeSpan.FromSeconds(1800));

        Assert.IsType<Claim.Unwanted>(await ClaimByAsync(worker, id, requestId));
    }

    [Fact]
    public async Task What_was_started_and_is_no_longer_wanted_is_only_looked_up()
    {
        var (requestId, id) = await WantedAsync();
        await ClaimByAsync(worker, id, requestId);
        await worker.HandleAsync(new CancelImages { RequestId = requestId });

        var claim = Assert.IsType<Claim.InDoubt>(await ClaimByAsync(worker, id, requestId));

        Assert.False(claim.IsWanted);
    }

    [Fact]
    public async Task What_is_released_can_be_claimed_again()
    {
        await using var other = await WorkerUnderTest.StartAsync(other: worker);
        var (requestId, id) = await WantedAsync();
        await ClaimByAsync(worker, id, requestId);
        await SettleAsync(id, LedgerState.Released);

        var claim = await ClaimByAsync(other, id, requestId);
        var second = await ClaimByAsync(worker, id, requestId);

        Assert.IsType<Claim.Fresh>(claim);
        Assert.IsType<Claim.Leased>(second);
        Assert.Equal((LedgerState.Started, 2), await EntryAsync(id) is var e ? (e.State, e.Calls) : default);
    }

    [Fact]
    public async Task What_is_released_and_no_longer_wanted_is_not_claimed()
    {
        var (requestId, id) = await WantedAsync();
        await ClaimByAsync(worker, id, requestId);
        await SettleAsync(id, LedgerState.Released);
        await worker.HandleAsync(new CancelImages { RequestId = requestId });

        Assert.IsType<Claim.Unwanted>(await ClaimByAsync(worker, id, requestId));
    }

    [Theory]
    [InlineData(LedgerState.Accepted)]
    [InlineData(LedgerState.Refused)]
    public async Task What_is_settled_is_never_started_again(LedgerState state)
    {
        var (requestId, id) = await WantedAsync();
        await ClaimByAsync(worker, id, requestId);
        await SettleAsync(id, state);
        worker.Time.Advance(TimeSpan.FromMinutes(5));

        Assert.IsType<Claim.Settled>(await ClaimByAsync(worker, id, requestId));
        var entry = await EntryAsync(id);
        Assert.Equal((1, "zpk-1", 0.0380m), (entry.Calls, entry.ProviderId, entry.Cost));
    }

    [Fact]
    public async Task A_held_entry_is_conclusive_from_then_on()
    {
        var (requestId, id) = await WantedAsync();
        await ClaimByAsync(worker, id, requestId);
        var until = worker.Time.GetUtcNow() + TimeSpan.FromSeconds(10);
        await NoteAsync(new(id, (await EntryAsync(id)).LeaseUntil, LedgerState.Started) { LeaseUntil = until });

        var early = await ClaimByAsync(worker, id, requestId);
        worker.Time.Advance(TimeSpan.FromSeconds(10));
        var late = await ClaimByAsync(worker, id, requestId);

        Assert.Equal(new Claim.InDoubt(IsConclusive: false, IsWanted: true, until), early);
        Assert.Equal(new Claim.InDoubt(IsConclusive: true, IsWanted: true, until), late);
    }

    [Theory]
    [InlineData(LedgerState.Released)]
    [InlineData(LedgerState.Refused)]
    [InlineData(LedgerState.Accepted)]
    [InlineData(LedgerState.Started)]
    public async Task An_answer_that_comes_after_another_process_took_over_changes_nothing(LedgerState state)
    {
        await using var other = await WorkerUnderTest.StartAsync(other: worker);
        var (requestId, id) = await WantedAsync();
        var late = (Claim.Fresh)await ClaimByAsync(worker, id, requestId);
        worker.Time.Advance(Lease);
        Assert.True(await RetakeAsync(other, id, (Claim.InDoubt)await ClaimByAsync(other, id, requestId)));
        var taken = (await EntryAsync(id), await worker.FindAsync(requestId));

        var handled = await worker.HandleAsync(
            new SubmissionDeferred(requestId, id, null, InDoubt: false, "the answer was held up")
            {
                Ledger = new(id, late.LeaseUntil, state)
                {
                    LeaseUntil =
                        state is LedgerState.Started ? worker.Time.GetUtcNow() + TimeSpan.FromSeconds(10) : null,
                },
            }
        );

        Assert.Equivalent(taken, (await EntryAsync(id), handled.Request), strict: true);
        Assert.IsType<Claim.Leased>(await ClaimByAsync(worker, id, requestId));
    }

    [Fact]
    public async Task What_was_settled_since_the_last_look_is_not_retaken()
    {
        var inBetween = new BeforeCommand("UPDATE \"submissions\"");
        await using var other = await WorkerUnderTest.StartAsync(other: worker, interceptor: inBetween);
        var (requestId, id) = await WantedAsync();
        await ClaimByAsync(worker, id, requestId);
        worker.Time.Advance(Lease);
        var doubt = (Claim.InDoubt)await ClaimByAsync(other, id, requestId);
        inBetween.Action = () => SettleAsync(id, LedgerState.Accepted);

        Assert.False(await RetakeAsync(other, id, doubt));

        Assert.Equal((LedgerState.Accepted, 1), await EntryAsync(id) is var e ? (e.State, e.Calls) : default);
    }

    private async Task<(Guid RequestId, string Id)> WantedAsync()
    {
        var request = (await worker.ReachAsync(Given.Submitting)).Request!;
        return (request.CorrelationId, request.Submissions[0].Id);
    }

    private static Task<Claim> ClaimByAsync(WorkerUnderTest by, string id, Guid requestId) =>
        by.WithAsync<SubmissionLedger, Claim>(ledger => ledger.ClaimAsync(new(id, requestId), Ct));

    private static Task<bool> RetakeAsync(WorkerUnderTest by, string id, Claim.InDoubt claim) =>
        by.WithAsync<SubmissionLedger, bool>(async ledger =>
            await ledger.RetakeAsync(new(id, Guid.Empty), claim, Ct) is not null
        );

    private async Task SettleAsync(string id, LedgerState state) =>
        await NoteAsync(
            new(id, (await EntryAsync(id)).LeaseUntil, state)
            {
                ProviderId = "zpk-1",
                Cost = 0.0380m,
                SettledAt = worker.Time.GetUtcNow(),
            }
        );

    private Task NoteAsync(LedgerNote note) =>
        worker.Services.GetRequiredService<RequestStore>().SaveAsync(new() { Ledger = note });

    private Task<SubmissionEntry> EntryAsync(string id) =>
        worker.InDatabaseAsync(db => db.Submissions.AsNoTracking().SingleAsync(entry => entry.Id == id, Ct));
}
