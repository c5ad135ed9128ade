using ImageWorker.Pacing;
using ImageWorker.Submission;
using ImageWorker.Tests.ZpkSimulator;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Tests.Submission;

public sealed class CallPaceTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refusal_that_is_told_while_no_call_waits_delays_no_call()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        await PaceAsync(worker, callsASecond: 100);
        var pace = worker.Services.GetRequiredService<CallPace>();
        using var stopping = new CancellationTokenSource();
        var looking = pace.RunAsync(stopping.Token);
        using var underWay = await pace.TakeTurnAsync(() => 1, Ct);
        worker.Time.Advance(TimeSpan.FromMilliseconds(20));
        (await pace.TakeTurnAsync(() => 1, Ct)).Refused(retryAfter: null);
        var before = await StateAsync(worker);
        worker.Time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(async () => await StateAsync(worker) != before);
        var told = worker.Time.GetUtcNow();

        var next = pace.TakeTurnAsync(() => 1, Ct);
        await Eventually.EndsAsync(next);

        using var begun = await next;
        Assert.Equal(told, begun.BegunAt);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => looking);
    }

    private static Task<int> PaceAsync(WorkerUnderTest worker, double callsASecond)
    {
        var now = worker.Time.GetUtcNow();
        var state = new PaceState
        {
            Rate = callsASecond,
            MovedAt = now,
            BegunAt = now,
            OpenSince = now,
        }.ToJson();
        return worker.InDatabaseAsync(db =>
            db.CallPace.ExecuteUpdateAsync(row => row.SetProperty(pace => pace.State, state), Ct)
        );
    }

    private static Task<string> StateAsync(WorkerUnderTest worker) =>
        worker.InDatabaseAsync(db => db.CallPace.Select(row => row.State).SingleAsync(Ct));
}
