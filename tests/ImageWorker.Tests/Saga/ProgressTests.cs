using ImageWorker.Contracts;
using ImageWorker.Requests;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Saga;

public sealed class ProgressTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Fact]
    public async Task Each_image_is_told_once_under_an_id_of_its_own()
    {
        var request = (await worker.HandleAsync(Command(count: 3) with { Progress = true })).Request!;
        var accepted = await worker.HandleAsync(
            request.Accepted(worker, 0.1140m, Generated(0), Running(1), Running(2))
        );

        var next = await worker.HandleAsync(
            accepted.Request!.Checked(worker, Generated(0), Generated(1), Failed(2, "CONTENT_POLICY_VIOLATION"))
        );

        Assert.Equal(0, accepted.Only<ImageGenerated>().Number);
        Assert.Equal("ImageGenerated ImagesReady", next.Says);
        Assert.Equal(1, next.All<ImageGenerated>()[0].Number);
        Assert.Equal("https://zpk.systems/i/1.png", next.All<ImageGenerated>()[0].Url);
        Assert.Equal(
            [DerivedMessageId.ForImage(request.CorrelationId, 0), DerivedMessageId.ForImage(request.CorrelationId, 1)],
            [accepted.Events[0].MessageId, next.Events[0].MessageId]
        );
    }

    [Fact]
    public async Task A_resent_image_is_told_under_the_number_of_the_command()
    {
        var request = (await worker.HandleAsync(Command() with { Progress = true })).Request!;
        request = (await worker.HandleAsync(request.Accepted(worker, null, Generated(0), Failed(1)))).Request!;
        request = (await worker.TickWhenDueAsync(request)).Request!;
        request = (await worker.HandleAsync(request.Accepted(worker, null, Running(0)))).Request!;

        var closed = await worker.HandleAsync(request.Checked(worker, Generated(0)));

        Assert.Equal(1, closed.All<ImageGenerated>().Single().Number);
    }

    [Fact]
    public async Task Nobody_is_told_unasked()
    {
        var request = (await worker.ReachAsync(Given.Generating)).Request!;

        var one = await worker.HandleAsync(request.Checked(worker, Generated(0), Running(1)));

        Assert.Equal("", one.Says);
    }

    [Fact]
    public async Task Events_leave_for_the_exchanges_that_their_subscribers_bind_to()
    {
        var started = await worker.HandleAsync(Command(count: 1) with { Progress = true });
        var accepted = await worker.HandleAsync(started.Request!.Accepted(worker, null, Generated(0)));

        Assert.Equal("SubmitImages", started.Says);
        Assert.Equal(
            ["exchange:ImageWorker.Contracts:ImageGenerated", "exchange:ImageWorker.Contracts:ImagesReady"],
            accepted.Events.Select(message => message.Destination),
            StringComparer.Ordinal
        );
    }
}
