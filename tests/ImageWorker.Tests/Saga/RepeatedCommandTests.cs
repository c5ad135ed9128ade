using ImageWorker.Contracts;
using ImageWorker.Requests;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Saga;

public sealed class RepeatedCommandTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Theory]
    [InlineData(Happening.Command)]
    [InlineData(Happening.Cancel)]
    public async Task A_closed_request_publishes_the_same_event_under_the_same_message_id(Happening what)
    {
        var request = (await worker.ReachAsync(Given.Generating)).Request!;
        var closed = await worker.HandleAsync(request.Checked(worker, Generated(0), Generated(1)));
        worker.Time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromTicks(7));

        var again = await worker.LetAsync((request.CorrelationId, closed.Request), what);

        Assert.Equivalent(closed.Only<ImagesReady>(), again.Only<ImagesReady>(), strict: true);
        Assert.Equal(closed.Events[0].MessageId, again.Events[0].MessageId);
        Assert.Equal(DerivedMessageId.ForClosing(request.CorrelationId), again.Events[0].MessageId);
    }

    [Fact]
    public async Task A_request_that_another_process_closed_publishes_its_event_again_too()
    {
        await using var other = await WorkerUnderTest.StartAsync(other: worker);
        // This process handed the submission on, and has yet to hear of it.
        var request = (await worker.ReachAsync(Given.Submitting)).Request!;
        await other.HandleAsync(request.Accepted(other, 0.0760m, Running(0), Running(1)));
        var closed = await other.HandleAsync(request.Checked(other, Generated(0), Generated(1)));

        var again = await worker.HandleAsync(Command(request.CorrelationId));

        Assert.Equivalent(closed.Only<ImagesReady>(), again.Only<ImagesReady>(), strict: true);
    }

    [Fact]
    public async Task A_reused_id_with_other_parameters_is_refused_and_the_first_request_untouched()
    {
        var given = await worker.ReachAsync(Given.Generating);

        var refused = await worker.HandleAsync(Command(given.Id) with { Style = "natural" });
        var again = await worker.HandleAsync(Command(given.Id) with { Style = "natural" });

        var failed = refused.Only<ImagesFailed>();
        Assert.Equal((given.Id, FailureReason.InvalidRequest), (failed.RequestId, failed.Reason));
        Assert.Equal(("REQUEST_ID_REUSED", "requestId"), (failed.Errors[0].Id, failed.Errors[0].On));
        Assert.Equal(0m, failed.Cost.Total);
        Assert.Equivalent(given.Request, refused.Request, strict: true);
        Assert.Equal(refused.Events[0].MessageId, again.Events[0].MessageId);
        Assert.NotEqual(DerivedMessageId.ForClosing(given.Id), refused.Events[0].MessageId);
    }

    [Fact]
    public async Task Metadata_in_another_order_is_the_same_command()
    {
        var command = Command() with { Metadata = Map(("a", "1"), ("b", "2")) };
        await worker.HandleAsync(command);

        var again = await worker.HandleAsync(command with { Metadata = Map(("b", "2"), ("a", "1")) });
        var other = await worker.HandleAsync(command with { Metadata = Map(("a", "1"), ("b", "3")) });

        Assert.Equal("", again.Says);
        Assert.Equal("ImagesFailed", other.Says);
    }

    [Fact]
    public async Task A_faulty_command_is_closed_with_every_fault_and_may_be_sent_again_put_right()
    {
        var id = Guid.NewGuid();

        var refused = await worker.HandleAsync(
            Command(id) with
            {
                Prompt = " ",
                Count = 21,
                Metadata = Map(("order", "17")),
            }
        );
        var started = await worker.HandleAsync(Command(id));

        var failed = refused.Only<ImagesFailed>();
        Assert.Equal((id, FailureReason.InvalidRequest), (failed.RequestId, failed.Reason));
        Assert.Equal(["prompt", "count"], failed.Errors.Select(error => error.On), StringComparer.Ordinal);
        Assert.Equal("17", failed.Metadata?["order"]);
        Assert.Empty(failed.Images);
        Assert.Equal("Submitting", started.State);
        Assert.NotEqual(DerivedMessageId.ForClosing(id), refused.Events[0].MessageId);
    }

    [Fact]
    public async Task A_command_without_an_id_is_refused_under_an_id_of_its_message()
    {
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());

        var first = await worker.HandleAsync(Command(Guid.Empty), one);
        var second = await worker.HandleAsync(Command(Guid.Empty), other);

        var failed = first.Only<ImagesFailed>();
        Assert.Equal((Guid.Empty, FailureReason.InvalidRequest), (failed.RequestId, failed.Reason));
        Assert.Equal(DerivedMessageId.ForClosing(DerivedMessageId.ForNameless(one)), first.Events[0].MessageId);
        Assert.NotEqual(first.Events[0].MessageId, second.Events[0].MessageId);
        Assert.Null(await worker.FindAsync(one));
    }

    [Fact]
    public async Task A_cancellation_without_an_id_is_dropped()
    {
        var message = Guid.NewGuid();

        var dropped = await worker.HandleAsync(new CancelImages(), message);

        Assert.Equal("", dropped.Says);
        Assert.Null(await worker.FindAsync(message));
    }

    [Fact]
    public async Task Every_event_echoes_the_metadata_and_writes_costs_as_numbers()
    {
        var request = (
            await worker.HandleAsync(Command(count: 1) with { Progress = true, Metadata = Map(("order", "17")) })
        ).Request!;
        request = (await worker.HandleAsync(request.Accepted(worker, 0.0380m, Running(0)))).Request!;

        var closed = await worker.HandleAsync(request.Checked(worker, Generated(0)));

        Assert.Equal("ImageGenerated ImagesReady", closed.Says);
        Assert.Equal("17", closed.All<ImageGenerated>()[0].Metadata?["order"]);
        Assert.Equal("17", closed.All<ImagesReady>()[0].Metadata?["order"]);
        Assert.Contains(
            "\"total\":0.0380,",
            closed.Events[1].Body.Replace(" ", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    private static Dictionary<string, string> Map(params (string Key, string Value)[] entries) =>
        entries.ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);
}
