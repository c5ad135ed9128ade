using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Engine;

public sealed class CrashAtPaymentTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private readonly WorkerUnderTest _worker = surroundings.Worker;

    [Theory]
    [InlineData("BeforeCall")]
    [InlineData("AfterCall")]
    [InlineData("BeforeCommit:2")]
    public async Task A_submission_that_the_worker_died_in_is_paid_once(string where)
    {
        var command = WorkerUnderTest.Command("a red fox", count: 2);
        await _worker.DieInAsync(command, where);
        Assert.Equal(where is "BeforeCall" ? 0 : 2, _worker.PaidFor(command).Totals.ImagesPaid);

        await using var another = await _worker.StartAsync();

        var ready = (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.All(ready.Images, image => Assert.Equal((ImageStatus.Generated, 1), (image.Status, image.Attempts)));
        Assert.Equal(0.076m, ready.Cost.Total);
        AssertPaid(command, images: 2, resends: 0);
    }

    [Theory]
    [InlineData("BeforeCall:2")]
    [InlineData("AfterCall:2")]
    public async Task A_resend_that_the_worker_died_in_is_paid_once(string where)
    {
        var command = WorkerUnderTest.Command("a red fox [general-error 1]", count: 2);
        await _worker.DieInAsync(command, where);
        Assert.Equal(where is "BeforeCall:2" ? 2 : 3, _worker.PaidFor(command).Totals.ImagesPaid);

        await using var another = await _worker.StartAsync();

        var ready = (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.Equal([1, 2], ready.Images.Select(image => image.Attempts));
        Assert.Equal(3 * 0.038m, ready.Cost.Total);
        AssertPaid(command, images: 2, resends: 1);
    }

    private void AssertPaid(GenerateImages command, int images, int resends)
    {
        var totals = _worker.PaidFor(command).Totals;
        Assert.Equal((images, resends, 0), (totals.ImagesAsked, totals.Resends, totals.RepeatedIds));
        Assert.Equal(images + resends, totals.ImagesPaid);
    }
}
