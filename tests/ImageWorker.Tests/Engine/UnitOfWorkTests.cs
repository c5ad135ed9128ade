using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Tests.Saga;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Engine;

public sealed class UnitOfWorkTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Fact]
    public async Task An_event_is_committed_with_the_row_and_left_to_this_process_for_a_lease()
    {
        var request = (await worker.ReachAsync(Given.Generating)).Request!;

        var closed = await worker.HandleAsync(request.Checked(worker, Generated(0), Generated(1)));

        Assert.Equal("Closed", closed.State);
        var message = Assert.Single(closed.Events);
        Assert.Equal(worker.Time.GetUtcNow() + new DeliveryOptions().Lease, message.ClaimableAt);
    }

    [Fact]
    public async Task A_command_that_comes_twice_counts_once()
    {
        var (messageId, command) = (Guid.NewGuid(), Command());

        var first = await worker.HandleAsync(command, messageId);
        var second = await worker.HandleAsync(command, messageId);

        Assert.Equal(("SubmitImages", ""), (first.Says, second.Says));
        Assert.Equivalent(first.Request, second.Request, strict: true);
    }

    [Fact]
    public async Task A_due_check_writes_nothing_so_that_the_timer_stands_until_its_answer()
    {
        var request = (await worker.ReachAsync(Given.Generating)).Request!;

        var ticked = await worker.TickWhenDueAsync(request);

        Assert.Equal("CheckImages", ticked.Says);
        Assert.Equivalent(request, ticked.Request, strict: true);
    }

    [Fact]
    public async Task A_submission_that_is_not_answered_is_handed_on_again_once_its_call_must_be_over()
    {
        var request = (await worker.ReachAsync(Given.Submitting)).Request!;

        var again = await worker.TickWhenDueAsync(request);

        Assert.Equal(TimeSpan.FromSeconds(35), request.NextTickAt - request.RequestedAt);
        Assert.Equal(request.Submissions[0].Id, again.Only<SubmitImages>().SubmissionId);
        Assert.Equal(TimeSpan.FromSeconds(70), again.Request!.NextTickAt - request.RequestedAt);
    }

    [Fact]
    public async Task Messages_at_the_same_time_on_one_request_all_count()
    {
        const int messages = 12;
        var request = (await worker.ReachAsync(Given.Generating)).Request!;

        await Task.WhenAll(
            Enumerable
                .Range(0, messages)
                .Select(_ => worker.ConsumeAsync(request.Checked(worker, Running(0), Running(1)), Guid.NewGuid()))
        );

        Assert.Equal(request.Version + messages, (await worker.FindAsync(request.CorrelationId))!.Version);
    }

    [Fact]
    public async Task Two_first_messages_at_the_same_time_make_one_request()
    {
        var command = Command();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => worker.ConsumeAsync(command, Guid.NewGuid())));

        Assert.IsType<SubmitImages>(Assert.Single(worker.TakeWork()));
        Assert.Equal("Submitting", (await worker.FindAsync(command.RequestId))!.State);
    }
}
