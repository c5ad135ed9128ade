using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Tests.Saga;
using ImageWorker.Tests.ZpkSimulator;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Tests.Submission;

/// <summary>What two workers on one database keep to together.</summary>
public sealed class SubmissionLimitsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_of_all_workers_are_spaced_evenly()
    {
        await using var worker = await StartAsync("Submission:PerSecond", "2");
        await using var other = await StartAsync("Submission:PerSecond", "2", worker);
        var begun = worker.Time.GetUtcNow();

        var turns = new List<Task<TimeSpan>>();
        foreach (var by in new[] { worker, other, worker, other, worker })
        {
            turns.Add(TurnAsync(by));
            // A slot is taken when it is asked for, or this one would share a statement with the next.
            await Eventually.TrueAsync(() =>
                SlotsTakenAsync(by).GetAwaiter().GetResult() == TimeSpan.FromSeconds(0.5) * turns.Count
            );
        }
        await Eventually.TrueAsync(() =>
        {
            if (worker.Time.GetUtcNow() - begun < TimeSpan.FromSeconds(2))
                worker.Time.Advance(TimeSpan.FromMilliseconds(100));
            return turns.TrueForAll(turn => turn.IsCompleted);
        });

        var waits = await Task.WhenAll(turns);
        Assert.Equal(
            Enumerable.Range(0, 5).Select(slot => slot * 500d),
            waits.Select(wait => Math.Round(wait.TotalMilliseconds / 500) * 500)
        );
        Assert.All(
            waits.Select((wait, slot) => wait - TimeSpan.FromSeconds(0.5) * slot),
            early => Assert.True(early >= TimeSpan.Zero)
        );

        async Task<TimeSpan> TurnAsync(WorkerUnderTest by)
        {
            await by.Services.GetRequiredService<SubmissionPace>().WaitForTurnAsync();
            return worker.Time.GetUtcNow() - begun;
        }

        Task<TimeSpan> SlotsTakenAsync(WorkerUnderTest by) =>
            by.InDatabaseAsync(async db => (await db.Pace.FindAsync([PaceRow.OnlyId], Ct))!.NextAt - begun);
    }

    [Fact]
    public async Task No_more_calls_are_under_way_than_may_be()
    {
        await using var worker = await StartAsync("Submission:AtOnce", "2");
        await using var other = await StartAsync("Submission:AtOnce", "2", worker);
        var wanted = new List<ImageRequest>();
        for (var i = 0; i < 3; i++)
            wanted.Add((await worker.ReachAsync(Given.Submitting)).Request!);

        var first = await ClaimAsync(worker, wanted[0]);
        var second = await ClaimAsync(other, wanted[1]);
        var third = ClaimAsync(other, wanted[2]);
        for (var i = 0; i < 5; i++)
        {
            worker.Time.Advance(TimeSpan.FromMilliseconds(100));
            await other.FindAsync(wanted[2].CorrelationId);
        }
        var whileFull = third.IsCompleted;
        var held = Assert.IsType<Claim.Fresh>(first).LeaseUntil;
        await worker
            .Services.GetRequiredService<RequestStore>()
            .SaveAsync(new() { Ledger = new(wanted[0].Submissions[0].Id, held, LedgerState.Accepted) });
        await Eventually.TrueAsync(() =>
        {
            worker.Time.Advance(TimeSpan.FromMilliseconds(100));
            return third.IsCompleted;
        });

        Assert.IsType<Claim.Fresh>(second);
        Assert.False(whileFull);
        Assert.IsType<Claim.Fresh>(await third);
    }

    private static Task<WorkerUnderTest> StartAsync(string key, string value, WorkerUnderTest? other = null) =>
        WorkerUnderTest.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal) { [key] = value },
            other: other
        );

    private static Task<Claim> ClaimAsync(WorkerUnderTest by, ImageRequest request) =>
        by.WithAsync<SubmissionLedger, Claim>(ledger =>
            ledger.ClaimAsync(new(request.Submissions[0].Id, request.CorrelationId), Ct)
        );
}
