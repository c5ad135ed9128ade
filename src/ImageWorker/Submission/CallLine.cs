using ImageWorker.Requests;

namespace ImageWorker.Submission;

/// <summary>A call that waits or is under way.</summary>
/// <param name="Message">The call.</param>
/// <param name="AddedAt">Since when it waits.</param>
public sealed record PendingCall(IZpkCall Message, DateTimeOffset AddedAt)
{
    /// <summary>What a second call for the same would have too.</summary>
    public string Key { get; } =
        Message switch
        {
            CheckImages => "check ",
            _ => "submit ",
        } + Message.SubmissionId;

    /// <summary>True if ZPK may charge for it.</summary>
    public bool IsPaid => Message is SubmitImages { IsStopped: false };

    /// <summary>The claim that it was picked with. The call uses it up.</summary>
    public Claim.Fresh? Claim { get; set; }

    /// <summary>True if it was picked in its turn.</summary>
    public bool WasPicked { get; init; }

    /// <summary>True while it stands in its line.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>The wait that it ends, for its spans; null without one, and if nobody traces.</summary>
    public RequestWait? Wait { get; set; } = Message.Trace?.Wait;
}

/// <summary>Calls of one kind that wait: those that were held back first, then the oldest. Not thread-safe.</summary>
public sealed class CallLine
{
    private readonly Queue<PendingCall> _inOrder = new();
    private readonly PriorityQueue<PendingCall, DateTimeOffset> _first = new();
    private int _count;

    /// <summary>When the next call that is held back may be taken; null if there is none, or if it is due already.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset now) => _first.TryPeek(out _, out var at) && at > now ? at : null;

    /// <summary>How many wait, and how long the first of them has waited.</summary>
    public (int Count, TimeSpan Longest) Waiting(DateTimeOffset now)
    {
        DropTaken();
        var since = now;
        if (_first.TryPeek(out var first, out _))
            since = first.AddedAt;
        if (_inOrder.TryPeek(out var oldest) && oldest.AddedAt < since)
            since = oldest.AddedAt;
        return (_count, now - since);
    }

    /// <summary>How many of them may be taken.</summary>
    public int ReadyAt(DateTimeOffset now) =>
        _count - _first.UnorderedItems.Count(held => held.Element.IsWaiting && held.Priority > now);

    public void Add(PendingCall call)
    {
        call.IsWaiting = true;
        _count++;
        _inOrder.Enqueue(call);
    }

    public void AddFirst(PendingCall call, DateTimeOffset notBefore)
    {
        call.IsWaiting = true;
        _count++;
        _first.Enqueue(call, notBefore);
    }

    /// <summary>Moves a call that waits to the front; leaves one that is under way.</summary>
    public void MoveFirst(PendingCall call, DateTimeOffset now)
    {
        if (call.IsWaiting)
            _first.Enqueue(call, now);
    }

    /// <summary>Takes a call out of the line; false if it is under way.</summary>
    public bool Remove(PendingCall call)
    {
        if (!call.IsWaiting)
            return false;
        call.IsWaiting = false;
        _count--;
        return true;
    }

    public bool HasNext(DateTimeOffset now)
    {
        DropTaken();
        return (_first.TryPeek(out _, out var at) && at <= now) || _inOrder.Count > 0;
    }

    public PendingCall? Take(DateTimeOffset now)
    {
        if (!HasNext(now))
            return null;
        var call = _first.TryPeek(out _, out var at) && at <= now ? _first.Dequeue() : _inOrder.Dequeue();
        call.IsWaiting = false;
        _count--;
        return call;
    }

    /// <summary>A call that was moved stands in both places. Its other place is dropped once it was taken.</summary>
    private void DropTaken()
    {
        while (_first.TryPeek(out var first, out _) && !first.IsWaiting)
            _first.Dequeue();
        while (_inOrder.TryPeek(out var oldest) && !oldest.IsWaiting)
            _inOrder.Dequeue();
    }
}
