using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Submission;
using Microsoft.Extensions.Options;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Engine;

public sealed class PendingCallsTests : IDisposable
{
    private readonly Stopping _stopping = new();
    private readonly PendingCalls _calls;

    public PendingCallsTests() => _calls = new(_stopping, Options.Create(new SubmissionOptions { Concurrency = 1 }));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _calls.Dispose();
        _stopping.Dispose();
    }

    [Fact]
    public async Task A_call_that_is_asked_for_again_before_it_is_done_is_made_once()
    {
        var submit = Submit("a");
        _calls.Add(submit);
        await _calls.Submissions.ReadAsync(Ct);

        _calls.Add(submit);
        var underWay = _calls.Submissions.Count;
        _calls.Done(submit);
        _calls.Add(submit);

        Assert.Equal((0, 1), (underWay, _calls.Submissions.Count));
    }

    [Fact]
    public async Task A_new_command_waits_for_room_and_a_timer_does_not()
    {
        await _calls.AddWhenThereIsRoomAsync(Submit("a"));
        await _calls.AddWhenThereIsRoomAsync(Submit("b"));

        var third = _calls.AddWhenThereIsRoomAsync(Submit("c"));
        _calls.Add(Submit("d"));
        var before = (third.IsCompleted, _calls.Submissions.Count);
        _calls.Done(Submit("a"));
        await third.WaitAsync(Ct);

        Assert.Equal((false, 3), before);
        Assert.Equal(4, _calls.Submissions.Count);
    }

    [Fact]
    public async Task What_waits_for_room_when_the_process_stops_is_left_to_its_timer()
    {
        await _calls.AddWhenThereIsRoomAsync(Submit("a"));
        await _calls.AddWhenThereIsRoomAsync(Submit("b"));
        var third = _calls.AddWhenThereIsRoomAsync(Submit("c"));

        _calls.Complete();
        await third.WaitAsync(Ct);
        _calls.Add(Submit("d"));

        Assert.Equal(2, _calls.Submissions.Count);
    }

    private static SubmitImages Submit(string id) => new(Guid.Empty, id, 1, Command());
}
