using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Requests;

[Collection(nameof(SharedWorker))]
public sealed class RepeatedCommandTests(SharedWorkerFixture shared)
{
    private readonly WorkerUnderTest _worker = shared.Worker;

    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    public async Task The_same_command_many_times_at_once_is_paid_and_closed_once(int times)
    {
        var command = WorkerUnderTest.Command("a red fox", count: 2);

        await Task.WhenAll(Enumerable.Range(0, times).Select(_ => _worker.Commands.SendAsync(command)));
        // A later message on the same queue is through: so are the ones before it.
        await _worker.CloseAsync(WorkerUnderTest.Command("a blue fox"));

        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        AssertPaidOnce(command, images: 2);
    }

    [Fact]
    public async Task The_same_message_again_is_paid_and_closed_once()
    {
        var command = WorkerUnderTest.Command("a red fox");
        var id = Guid.NewGuid();

        await _worker.Commands.SendAsync(command, id);
        await _worker.Commands.SendAsync(command, id);
        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        await _worker.Commands.SendAsync(command, id);
        // A later message on the same queue is through: so is the one before it.
        await _worker.CloseAsync(WorkerUnderTest.Command("a blue fox"));

        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        AssertPaidOnce(command, images: 1);
    }

    [Fact]
    public async Task A_closed_command_asked_again_gets_the_same_event_under_the_same_id()
    {
        var command = WorkerUnderTest.Command("a red fox [policy 0]", count: 2) with
        {
            Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["order"] = "4711" },
        };
        await _worker.CloseAsync(command);

        await _worker.Commands.SendAsync(command);
        await Eventually.HoldsAsync(() => _worker.Events.ClosingsOf(command.RequestId).Count > 1);

        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        AssertPaidOnce(command, images: 2);
    }

    [Fact]
    public async Task A_reused_id_with_other_parameters_is_refused_and_leaves_the_first_untouched()
    {
        var first = WorkerUnderTest.Command("a red fox [seconds 2]");
        var second = first with { Count = 2 };
        await _worker.Commands.SendAsync(first);
        await Eventually.HoldsAsync(() => _worker.PaidFor(first).Submissions.Count == 1);

        await _worker.Commands.SendAsync(second);

        await Eventually.HoldsAsync(() => _worker.Events.EventsOf(first.RequestId).Count > 1);
        await _worker.SettledAsync();
        var closings = _worker.Events.EventsOf(first.RequestId);
        Assert.Equal(2, closings.Count);
        var refusal = closings[0].As<ImagesFailed>();
        Assert.Equal(FailureReason.InvalidRequest, refusal.Reason);
        Assert.Equal(("REQUEST_ID_REUSED", "requestId"), (refusal.Errors[0].Id, refusal.Errors[0].On));
        Assert.Equal(0, refusal.Cost.Total);
        Assert.Single(closings[1].As<ImagesReady>().Images);
        AssertPaidOnce(first, images: 1);
    }

    [Fact]
    public async Task A_reused_id_after_the_end_is_refused_too()
    {
        var first = WorkerUnderTest.Command("a red fox");
        var closing = await _worker.CloseAsync(first);

        await _worker.Commands.SendAsync(first with { Prompt = $"{first.Prompt}!" });
        await Eventually.HoldsAsync(() => _worker.Events.EventsOf(first.RequestId).Count > 1);
        await _worker.SettledAsync();
        var before = _worker.Events.ClosingsOf(first.RequestId).Count;
        await _worker.Commands.SendAsync(first);
        await Eventually.HoldsAsync(() => _worker.Events.ClosingsOf(first.RequestId).Count > before);
        await _worker.SettledAsync();

        var events = _worker.Events.EventsOf(first.RequestId);
        Assert.Equal(2, events.Count);
        Assert.Equal(closing.MessageId, events[0].MessageId);
        Assert.Equal(FailureReason.InvalidRequest, events[1].As<ImagesFailed>().Reason);
        Assert.Equal(closing.MessageId, _worker.Events.ClosingsOf(first.RequestId)[^1].MessageId);
        AssertPaidOnce(first, images: 1);
    }

    private void AssertPaidOnce(GenerateImages command, int images)
    {
        var totals = _worker.PaidFor(command).Totals;
        Assert.Equal((1, images, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
    }
}
