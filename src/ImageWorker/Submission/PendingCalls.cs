using System.Threading.Channels;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// The calls to ZPK that this process makes next, the oldest first. A call that is asked for again meanwhile is made
/// once. A call that was held back keeps its place at the front. New commands wait for room, so that a burst stays in the
/// broker's queue, where other processes find it. This is memory only: if a call is lost, its request's timer repeats it.
/// </summary>
public sealed class PendingCalls(Stopping stopping, IOptions<SubmissionOptions> options, TimeProvider time)
    : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, PendingCall> _pending = new(StringComparer.Ordinal);
    private readonly Channel<PendingCall> _lookUps = Channel.CreateUnbounded<PendingCall>();
    private readonly CallLine _checks = new();
    private readonly CallLine _submissions = new();
    private readonly SemaphoreSlim _room = new(options.Value.Concurrency * 2);
    private readonly SemaphoreSlim _changed = new(0, 1);
    private bool _isComplete;

    /// <summary>Submissions of stopped requests. What the ledger says is often enough, so they wait for no turn.</summary>
    public ChannelReader<PendingCall> LookUps => _lookUps.Reader;

    /// <summary>True once no more calls are added.</summary>
    public bool IsComplete
    {
        get
        {
            lock (_lock)
                return _isComplete;
        }
    }

    /// <summary>Adds a call that a timer or a callback asks for.</summary>
    public void Add(IZpkCall message) => Add(message, tookRoom: false);

    /// <summary>Adds a new command's call. Returns once there is room for it, or once nothing more begins.</summary>
    public async Task AddWhenThereIsRoomAsync(IZpkCall message)
    {
        try
        {
            await _room.WaitAsync(stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        if (!Add(message, tookRoom: true))
            _room.Release();
    }

    /// <summary>The calls that wait, and how long the first of them has waited.</summary>
    public (int Count, TimeSpan Longest) Waiting(bool paid)
    {
        lock (_lock)
            return (paid ? _submissions : _checks).Waiting(time.GetUtcNow());
    }

    /// <summary>The same for all calls.</summary>
    public (int Count, TimeSpan Longest) Waiting()
    {
        var (free, paid) = (Waiting(paid: false), Waiting(paid: true));
        return (free.Count + paid.Count, free.Longest > paid.Longest ? free.Longest : paid.Longest);
    }

    /// <summary>True if a call of these kinds can be taken.</summary>
    public bool HasNext(bool checks, bool submissions)
    {
        lock (_lock)
            return (checks && _checks.HasNext(time.GetUtcNow()))
                || (submissions && _submissions.HasNext(time.GetUtcNow()));
    }

    /// <summary>Takes the next call of these kinds, checks first; null if there is none.</summary>
    public PendingCall? Take(bool checks, bool submissions)
    {
        lock (_lock)
            return (checks ? _checks.Take(time.GetUtcNow()) : null)
                ?? (submissions ? _submissions.Take(time.GetUtcNow()) : null);
    }

    /// <summary>Puts a call that was held back at the front again.</summary>
    public void PutBack(PendingCall call, DateTimeOffset notBefore)
    {
        lock (_lock)
            LineOf(call.Message).AddFirst(call, notBefore);
        Signal();
    }

    /// <summary>Notes that the call was made, or failed. It may be asked for again.</summary>
    public void Done(PendingCall call)
    {
        lock (_lock)
            _pending.Remove(call.Key);
        if (call.TookRoom)
            _room.Release();
        Signal();
    }

    /// <summary>Returns once something has changed, or at that time.</summary>
    public async Task WaitForChangeAsync(DateTimeOffset? until, CancellationToken ct)
    {
        // What is due already waits for something else than its time.
        var now = time.GetUtcNow();
        lock (_lock)
            until = Earlier(until, Earlier(_checks.NextAfter(now), _submissions.NextAfter(now)));
        if (until is not { } at)
        {
            await _changed.WaitAsync(ct);
            return;
        }
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var changed = _changed.WaitAsync(woken.Token);
        var wait = TimeSpan.FromMilliseconds(Math.Ceiling((at - now).TotalMilliseconds));
        if (wait > TimeSpan.Zero)
            await Task.WhenAny(Task.Delay(wait, time, woken.Token), changed);
        await woken.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    /// <summary>Takes no more calls. Makes the ones it has, except those that only wait for their turn.</summary>
    public void Complete()
    {
        lock (_lock)
            _isComplete = true;
        _lookUps.Writer.TryComplete();
        stopping.Begin();
        Signal();
    }

    public void Dispose()
    {
        _room.Dispose();
        _changed.Dispose();
    }

    /// <summary>Wakes <see cref="WaitForChangeAsync"/>.</summary>
    public void Signal()
    {
        lock (_changed)
        {
            if (_changed.CurrentCount == 0)
                _changed.Release();
        }
    }

    private bool Add(IZpkCall message, bool tookRoom)
    {
        var call = new PendingCall(message, tookRoom, time.GetUtcNow());
        lock (_lock)
        {
            if (_isComplete)
                return false;
            if (_pending.TryGetValue(call.Key, out var known))
            {
                if (message is CheckImages { IsFinal: true })
                    _checks.MoveFirst(known, time.GetUtcNow());
                // A call that still waits is not made any more. One under way brings its own answer.
                if (message is not SubmitImages { IsStopped: true } || !_submissions.Remove(known))
                    return false;
                call = call with { TookRoom = known.TookRoom };
            }
            _pending[call.Key] = call;
            if (message is SubmitImages { IsStopped: true })
                return _lookUps.Writer.TryWrite(call);
            if (message is CheckImages { IsFinal: true })
                _checks.AddFirst(call, time.GetUtcNow());
            else
                LineOf(message).Add(call);
        }
        Signal();
        return true;
    }

    private CallLine LineOf(IZpkCall message) => message is CheckImages ? _checks : _submissions;

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) =>
        other is null || one < other ? one : other;
}
