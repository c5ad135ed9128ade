using ImageWorker.Requests;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Saga;

public sealed class CallbackHintTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Fact]
    public async Task A_callback_has_the_next_check_made_now_and_no_more_than_one_a_second()
    {
        var request = (await worker.ReachAsync(Given.Generating)).Request!;
        var hint = new CallbackReceived(request.CorrelationId, request.Submissions[0].Id);

        var pulled = await worker.HandleAsync(hint);
        var check = await worker.TickAsync(request.CorrelationId, TimeSpan.Zero);
        await worker.HandleAsync(request.Checked(worker, Running(0), Running(1)));
        var again = await worker.HandleAsync(hint);

        Assert.Equal(worker.Time.GetUtcNow(), pulled.Request!.NextTickAt);
        Assert.Equal("CheckImages", check.Says);
        Assert.Equal(worker.Time.GetUtcNow() + TimeSpan.FromSeconds(1), again.Request!.NextTickAt);
    }

    [Fact]
    public async Task A_callback_during_a_check_has_another_made_a_second_after_its_answer()
    {
        var request = (await worker.ReachAsync(Given.Generating)).Request!;
        var hint = new CallbackReceived(request.CorrelationId, request.Submissions[0].Id);
        Assert.Equal("CheckImages", (await worker.TickWhenDueAsync(request)).Says);

        await worker.HandleAsync(hint);
        var answered = await worker.HandleAsync(request.Checked(worker, Running(0), Running(1)));
        await worker.TickAsync(request.CorrelationId, TimeSpan.FromSeconds(1));
        var next = await worker.HandleAsync(request.Checked(worker, Running(0), Running(1)));

        var secondAgo = worker.Time.GetUtcNow() - TimeSpan.FromSeconds(1);
        Assert.Equal(secondAgo + TimeSpan.FromSeconds(1), answered.Request!.NextTickAt);
        Assert.Equal(secondAgo + TimeSpan.FromSeconds(28), next.Request!.NextTickAt);
    }

    [Fact]
    public async Task A_callback_during_a_check_that_fails_is_spoken_for_by_its_repetition()
    {
        var request = (await worker.ReachAsync(Given.Generating)).Request!;
        var hint = new CallbackReceived(request.CorrelationId, request.Submissions[0].Id);
        await worker.TickWhenDueAsync(request);
        await worker.HandleAsync(hint);

        var notBefore = worker.Time.GetUtcNow() + TimeSpan.FromSeconds(40);
        var failed = await worker.HandleAsync(
            request.Checked(worker) with
            {
                Answer = null,
                NotBefore = notBefore,
                Reason = "503",
            }
        );
        await worker.TickWhenDueAsync(failed.Request!);
        var next = await worker.HandleAsync(request.Checked(worker, Running(0), Running(1)));

        Assert.Equal(notBefore, failed.Request!.NextTickAt);
        Assert.Equal(worker.Time.GetUtcNow() + TimeSpan.FromSeconds(27), next.Request!.NextTickAt);
    }

    [Fact]
    public async Task Callbacks_of_several_submissions_bring_a_request_one_check_a_second()
    {
        var request = (await worker.HandleAsync(Command(count: 3))).Request!;
        request = (await worker.HandleAsync(request.Accepted(worker, null, Running(0), Failed(1), Failed(2)))).Request!;
        request = (await worker.TickWhenDueAsync(request)).Request!;
        foreach (var resend in request.Submissions.Skip(1).ToList())
        {
            var accepted = request.Accepted(worker, null, Running(0)) with { SubmissionId = resend.Id };
            request = (await worker.HandleAsync(accepted)).Request!;
        }

        var now = worker.Time.GetUtcNow();
        foreach (var submission in request.Submissions.Concat(request.Submissions))
            request = (await worker.HandleAsync(new CallbackReceived(request.CorrelationId, submission.Id))).Request!;

        Assert.Equal([0, 1, 2], request.Submissions.Select(s => (s.NextCheckAt!.Value - now).TotalSeconds));
    }
}
