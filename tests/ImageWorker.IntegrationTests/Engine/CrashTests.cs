using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Engine;

/// <summary>Dying anywhere but around a paid call, which is <see cref="CrashAtPaymentTests"/>.</summary>
public sealed class CrashTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private readonly WorkerUnderTest _worker = surroundings.Worker;

    // A request's commits: 1 the command, 2 the submission's answer, 3 the check's, with which it closes. Its one
    // delivery is the closing event.
    [Theory]
    [InlineData("BeforeCommit")]
    [InlineData("BeforeCommit:3")]
    [InlineData("AfterCommit")]
    [InlineData("AfterCommit:2")]
    [InlineData("AfterCommit:3")]
    [InlineData("AfterDelivery")]
    public async Task A_request_that_the_worker_died_in_is_paid_once_and_closed_once(string where)
    {
        var command = WorkerUnderTest.Command("a red fox", count: 2);
        await _worker.DieInAsync(command, where);

        await using var another = await _worker.StartAsync();

        var ready = (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.All(ready.Images, image => Assert.Equal((ImageStatus.Generated, 1), (image.Status, image.Attempts)));
        Assert.Equal(0.076m, ready.Cost.Total);
        var totals = _worker.PaidFor(command).Totals;
        Assert.Equal((1, 2, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
    }
}
