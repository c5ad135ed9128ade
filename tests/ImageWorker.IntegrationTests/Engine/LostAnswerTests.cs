using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Engine;

[Collection(nameof(SharedWorker))]
public sealed class LostAnswerTests(SharedWorkerFixture shared, TestServers servers)
{
    private readonly WorkerUnderTest _worker = shared.Worker;

    [Theory]
    [InlineData("[reset generate after]")]
    [InlineData("[reset generate before]")]
    [InlineData("[reset generate after] [late 0.8]")]
    [InlineData("[http-503 generate after]")]
    [InlineData("[http-429 generate before 1]")]
    [InlineData("[truncated generate]")]
    [InlineData("[latency generate 3]")]
    [InlineData("[reset generate after] [http-500 check x2]")]
    public async Task A_generate_call_without_a_usable_answer_is_paid_once(string fault)
    {
        var command = WorkerUnderTest.Command($"a red fox {fault}", count: 2);

        var ready = (await _worker.CloseAsync(command)).As<ImagesReady>();

        Assert.All(ready.Images, image => Assert.Equal((ImageStatus.Generated, 1), (image.Status, image.Attempts)));
        Assert.Equal(0.076m, ready.Cost.Total);
        var totals = _worker.PaidFor(command).Totals;
        Assert.Equal((1, 2, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
        Assert.Equal(0.076m, totals.Charged);
    }

    [Fact]
    public async Task A_resend_without_an_answer_is_paid_once()
    {
        var command = WorkerUnderTest.Command("a red fox [general-error 0] [seconds 1]", count: 2);
        await _worker.Commands.SendAsync(command);
        await Eventually.HoldsAsync(() => _worker.PaidFor(command).Submissions.Count == 1);
        _worker.Zpk.SetFaults($"reset generate after x1 tag={command.RequestId:n}");

        var ready = (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();

        _worker.Zpk.SetFaults();
        Assert.Equal([2, 1], ready.Images.Select(image => image.Attempts));
        Assert.Equal(3 * 0.038m, ready.Cost.Total);
        var totals = _worker.PaidFor(command).Totals;
        Assert.Equal((2, 1, 3, 0), (totals.ImagesAsked, totals.Resends, totals.ImagesPaid, totals.RepeatedIds));
    }

    [Fact]
    public async Task A_lost_answer_to_a_call_that_arrived_is_found_long_before_that_must_have_settled()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync(
            new("Zpk__SettleTime", "00:10:00"),
            new("Requests__ClosingGrace", "00:20:00")
        );
        var command = WorkerUnderTest.Command("a red fox [reset generate after]");

        (await worker.CloseAsync(command)).As<ImagesReady>();

        Assert.Equal(1, worker.PaidFor(command).Totals.ImagesPaid);
    }
}
