using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Requests;

[Collection(nameof(SharedWorker))]
public sealed class CancellationTests(SharedWorkerFixture shared)
{
    private readonly WorkerUnderTest _worker = shared.Worker;

    [Fact]
    public async Task A_cancelled_request_closes_with_the_cost_so_far()
    {
        var command = WorkerUnderTest.Command("a red fox [seconds 60]", count: 2);
        await _worker.Commands.SendAsync(command);
        await Eventually.HoldsAsync(() => _worker.PaidFor(command).Submissions.Count == 1);

        await _worker.Commands.CancelAsync(command.RequestId);

        var failed = (await _worker.ClosedOnceAsync(command)).As<ImagesFailed>();
        Assert.Equal(FailureReason.Cancelled, failed.Reason);
        Assert.Equal(0.076m, failed.Cost.Total);
        Assert.All(failed.Images, image => Assert.Equal("CANCELLED", image.ErrorId));
        Assert.Equal(2, _worker.PaidFor(command).Totals.ImagesPaid);
    }

    [Fact]
    public async Task A_cancelled_request_resends_nothing()
    {
        var command = WorkerUnderTest.Command("a red fox [general-error 0 always] [seconds 0.1,60]", count: 2);
        await _worker.Commands.SendAsync(command);
        await Eventually.HoldsAsync(() => _worker.PaidFor(command).Totals.Resends == 1);

        await _worker.Commands.CancelAsync(command.RequestId);

        var failed = (await _worker.ClosedOnceAsync(command)).As<ImagesFailed>();
        Assert.Equal(FailureReason.Cancelled, failed.Reason);
        Assert.Equal(_worker.PaidFor(command).Totals.Charged, failed.Cost.Total);
    }

    [Fact]
    public async Task A_cancellation_that_overtakes_its_command_leaves_nothing_to_pay()
    {
        var command = WorkerUnderTest.Command("a red fox");
        await _worker.Commands.CancelAsync(command.RequestId);
        await Eventually.PassesAsync(async () =>
            Assert.Equal(
                "Withdrawn",
                await _worker.QueryAsync($"SELECT state FROM requests WHERE id = '{command.RequestId}'")
            )
        );

        var failed = (await _worker.CloseAsync(command)).As<ImagesFailed>();

        Assert.Equal(FailureReason.Cancelled, failed.Reason);
        Assert.Equal(0, failed.Cost.Total);
        Assert.Empty(_worker.PaidFor(command).Submissions);
    }

    [Fact]
    public async Task A_cancellation_after_the_end_changes_nothing_and_repeats_the_event()
    {
        var command = WorkerUnderTest.Command("a red fox");
        await _worker.CloseAsync(command);

        await _worker.Commands.CancelAsync(command.RequestId);
        await Eventually.HoldsAsync(() => _worker.Events.ClosingsOf(command.RequestId).Count > 1);

        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.Equal(1, _worker.PaidFor(command).Totals.ImagesPaid);
    }
}
