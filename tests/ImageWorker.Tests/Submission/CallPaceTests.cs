using ImageWorker.Submission;
using ImageWorker.Tests.ZpkSimulator;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Tests.Submission;

public sealed class CallPaceTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_look_at_the_pace_in_between_delays_no_call()
    {
        await using var worker = await WorkerUnderTest.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Pace:PerSecond"] = "100",
                ["Pace:AtOnce"] = "2",
            }
        );
        var pace = worker.Services.GetRequiredService<CallPace>();
        using var stopping = new CancellationTokenSource();
        var looking = pace.RunAsync(stopping.Token);
        using var underWay = await pace.TakeTurnAsync(() => 1, Ct);
        var before = await StateAsync(worker);
        worker.Time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(async () => await StateAsync(worker) != before);

        var next = pace.TakeTurnAsync(() => 1, Ct);
        await Eventually.EndsAsync(next);
        using var begun = await next;

        Assert.Equal(TimeSpan.FromSeconds(1), begun.BegunAt - underWay.BegunAt);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => looking);
    }

    private static Task<string> StateAsync(WorkerUnderTest worker) =>
        worker.InDatabaseAsync(db => db.CallPace.Select(row => row.State).SingleAsync(Ct));
}
