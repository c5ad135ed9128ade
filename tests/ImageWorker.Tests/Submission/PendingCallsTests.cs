using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Submission;
using Microsoft.Extensions.Time.Testing;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Submission;

public sealed class PendingCallsTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Stopping _stopping = new();
    private readonly PendingCalls _calls;

    public PendingCallsTests() => _calls = new(_stopping, _time);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private int Waiting => _calls.Waiting(paid: true).Count;

    public void Dispose()
    {
        _calls.Dispose();
        _stopping.Dispose();
    }

    [Fact]
    public void A_call_that_is_asked_for_again_before_it_is_done_is_made_once()
    {
        _calls.Add(Submit("a"));
        var first = Take()!;

        _calls.Add(Submit("a"));
        var underWay = Waiting;
        _calls.Done(first);
        _calls.Add(Submit("a"));

        Assert.Equal((0, 1), (underWay, Waiting));
    }

    [Fact]
    public void What_comes_when_the_process_stops_is_left_to_its_timer()
    {
        _calls.Add(Submit("a"));
        _calls.Complete();
        _calls.Add(Submit("b"));

        Assert.False(_calls.AddPicked(Submit("c"), new(default, 0), null));
        Assert.Equal(1, Waiting);
    }

    [Fact]
    public void A_picked_call_waits_for_its_slot_and_is_given_back_when_the_process_stops()
    {
        var slot = _time.GetUtcNow() + TimeSpan.FromSeconds(1);
        _calls.AddPicked(Submit("a"), new(default, 0), slot);
        _calls.AddPicked(Submit("b"), new(default, 0), null);
        _calls.Add(Submit("c"));

        var (first, second, third) = (Take(), Take(), Take());

        Assert.Equal(("b", "c", null), (first?.Message.SubmissionId, second?.Message.SubmissionId, third));
        Assert.Equal(["a"], _calls.TakePicked().Select(call => call.Message.SubmissionId), StringComparer.Ordinal);
        Assert.Equal((2, 0), (_calls.Paid, Waiting));
    }

    [Fact]
    public void What_is_held_back_for_later_is_not_ready()
    {
        _calls.Add(Submit("a"));
        _calls.Add(Submit("b"));
        _calls.PutBack(Take()!, _time.GetUtcNow() + TimeSpan.FromSeconds(30));

        var before = _calls.ReadyToPay;
        _time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal((1, 2), (before, _calls.ReadyToPay));
    }

    [Fact]
    public void Among_many_checks_every_fourth_call_is_a_submission_unless_checks_are_late()
    {
        foreach (var name in (string[])["a", "b", "c", "d", "e", "f", "g", "h", "i"])
            _calls.Add(Check(name));
        _calls.Add(Submit("1"));
        _calls.Add(Submit("2"));

        var inTime = Enumerable.Range(0, 4).Select(_ => Take()!.Message.SubmissionId).ToList();
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["a", "b", "c", "1"], inTime);
        Assert.Equal(["d", "e", "f", "g", "h", "i", "2"], TakeAll());
    }

    [Fact]
    public void Checks_come_before_submissions_and_the_oldest_first()
    {
        _calls.Add(Submit("a"));
        _calls.Add(Submit("b"));
        _calls.Add(Check("c"));

        Assert.Equal(["c", "a", "b"], TakeAll());
    }

    [Fact]
    public void A_call_that_was_held_back_is_first_again_once_its_time_has_come()
    {
        _calls.Add(Submit("a"));
        _calls.Add(Submit("b"));
        _calls.Add(Submit("c"));
        _calls.PutBack(Take()!, _time.GetUtcNow() + TimeSpan.FromSeconds(7));
        var meanwhile = Take()!.Message.SubmissionId;
        _time.Advance(TimeSpan.FromSeconds(7));

        Assert.Equal("b", meanwhile);
        Assert.Equal(["a", "c"], TakeAll());
    }

    [Fact]
    public void A_request_that_was_stopped_while_its_call_waits_is_looked_up_and_not_called()
    {
        _calls.Add(Submit("a"));

        _calls.Add(Submit("a") with { IsStopped = true });

        Assert.Null(Take());
        Assert.True(_calls.LookUps.TryRead(out var lookUp));
        Assert.Equal("a", lookUp.Message.SubmissionId);
    }

    [Fact]
    public void The_call_of_a_stopped_request_that_is_under_way_brings_its_own_answer()
    {
        _calls.Add(Submit("a"));
        Take();

        _calls.Add(Submit("a") with { IsStopped = true });

        Assert.False(_calls.LookUps.TryRead(out _));
    }

    [Fact]
    public void A_last_look_passes_the_others_even_if_its_check_waits_already()
    {
        _calls.Add(Check("a"));
        _calls.Add(Check("b"));
        _calls.Add(Check("c"));

        _calls.Add(Check("b") with { IsFinal = true });

        Assert.Equal(["b", "a", "c"], TakeAll());
    }

    [Fact]
    public void What_waits_is_counted_with_the_longest_wait()
    {
        _calls.Add(Check("a"));
        _time.Advance(TimeSpan.FromSeconds(3));
        _calls.Add(Check("b"));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((2, TimeSpan.FromSeconds(4)), _calls.Waiting(paid: false));
    }

    private PendingCall? Take() => _calls.Take(checks: true, submissions: true);

    private List<string> TakeAll()
    {
        var taken = new List<string>();
        while (Take() is { } call)
            taken.Add(call.Message.SubmissionId);
        return taken;
    }

    private static SubmitImages Submit(string id) => new(Guid.Empty, id, 1, Command()) { AcceptedAt = default };

    private static CheckImages Check(string id) => new(Guid.Empty, id, "ZPK" + id);
}
