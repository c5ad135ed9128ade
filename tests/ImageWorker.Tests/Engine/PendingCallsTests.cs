using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Submission;
using Microsoft.Extensions.Options;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Engine;

public sealed class PendingCallsTests : IDisposable
{
    private readonly Stopping stopping = new();
    private readonly PendingCalls calls;

    public PendingCallsTests() => calls = new(stopping, Options.Create(new SubmissionOptions { Concurrency = 1 }));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        calls.Dispose();
        stopping.Dispose();
    }

    [Fact]
    public async Task A_call_that_is_asked_for_again_before_it_is_done_is_made_once()
    {
        var submit = Submit("a");
        calls.Add(submit);
        await calls.Submissions.ReadAsync(Ct);

        calls.Add(submit);
        var underWay = calls.Submissions.Count;
        calls.Done(submit);
        calls.Add(submit);

        Assert.Equal((0, 1), (underWay, calls.Submissions.Count));
    }

    [Fact]
    public async Task A_new_command_waits_for_room_and_a_timer_does_not()
    {
        await calls.AddWhenThereIsRoom(Submit("a"));
        await calls.AddWhenThereIsRoom(Submit("b"));

        var third = calls.AddWhenThereIsRoom(Submit("c"));
        calls.Add(Submit("d"));
        var before = (third.IsCompleted, calls.Submissions.Count);
        calls.Done(Submit("a"));
        await third.WaitAsync(Ct);

        Assert.Equal((false, 3), before);
        Assert.Equal(4, calls.Submissions.Count);
    }

    [Fact]
    public async Task What_waits_for_room_when_the_process_stops_is_left_to_its_timer()
    {
        await calls.AddWhenThereIsRoom(Submit("a"));
        await calls.AddWhenThereIsRoom(Submit("b"));
        var third = calls.AddWhenThereIsRoom(Submit("c"));

        calls.Complete();
        await third.WaitAsync(Ct);
        calls.Add(Submit("d"));

        Assert.Equal(2, calls.Submissions.Count);
    }

    private static SubmitImages Submit(string id) => new(Guid.Empty, id, 1, Command());
}
