using System.Threading.Channels;
using ImageWorker.Hosting;
using ImageWorker.Requests;

namespace ImageWorker.Submission;

/// <summary>
/// The calls to ZPK that this process makes next, the oldest first. A call that is asked for again meanwhile is made
/// once. A call that was held back keeps its place at the front. This is memory only: if a call is lost, its request's
/// timer repeats it.
/// </summary>
public sealed class PendingCalls(Stopping stopping, TimeProvider time) : IDisposable
{
    private const int ChecksInARow = 3;

    private static readonly TimeSpan CheckPatience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, PendingCall> _pending = new(StringComparer.Ordinal);
    private readonly Channel<PendingCall> _lookUps = Channel.CreateUnbounded<PendingCall>();
    private readonly CallLine _checks = new();
    private readonly CallLine _submissions = new();
    private readonly Signal _changed = new();
    private int _checksInARow;
    private int _paid;
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

    /// <summary>Paid calls that wait or are under way.</summary>
    public int Paid => Volatile.Read(ref _paid);

    /// <summary>Adds a call that a step, a timer or a callback asks for.</summary>
    public void Add(IZpkCall message)
    {
        var call = new PendingCall(message, time.GetUtcNow());
        lock (_lock)
        {
            if (_isComplete)
                return;
            if (_pending.TryGetValue(call.Key, out var known))
            {
                if (message is CheckImages { IsFinal: true })
                    _checks.MoveFirst(known, time.GetUtcNow());
                // A call that still waits is not made any more. One under way brings its own answer.
                if (message is not SubmitImages { IsStopped: true } || !_submissions.Remove(known))
                    return;
                Forget(known);
            }
            Remember(call);
            if (message is SubmitImages { IsStopped: true })
                _lookUps.Writer.TryWrite(call);
            else if (message is CheckImages { IsFinal: true })
                _checks.AddFirst(call, time.GetUtcNow());
            else
                LineOf(message).Add(call);
        }
        Signal();
    }

    /// <summary>Adds a call that was picked in its turn, and claimed. False if nothing more begins.</summary>
    /// <param name="message">The call.</param>
    /// <param name="claim">Its claim.</param>
    /// <param name="notBefore">When it may begin; null for at once.</param>
    public bool AddPicked(SubmitImages message, Claim.Fresh claim, DateTimeOffset? notBefore)
    {
        var call = new PendingCall(message, time.GetUtcNow()) { Claim = claim, WasPicked = true };
        lock (_lock)
        {
            if (_isComplete || _pending.ContainsKey(call.Key))
                return false;
            Remember(call);
            if (notBefore is { } at)
                _submissions.AddFirst(call, at);
            else
                _submissions.Add(call);
        }
        Signal();
        return true;
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

    /// <summary>The paid calls that wait, without those that were held back until later.</summary>
    public int ReadyToPay
    {
        get
        {
            lock (_lock)
                return _submissions.ReadyAt(time.GetUtcNow());
        }
    }

    /// <summary>True if a call of these kinds can be taken.</summary>
    public bool HasNext(bool checks, bool submissions)
    {
        lock (_lock)
            return (checks && _checks.HasNext(time.GetUtcNow()))
                || (submissions && _submissions.HasNext(time.GetUtcNow()));
    }

    /// <summary>
    /// Takes the next call of these kinds, checks first; null if there is none. While no check is late, every fourth call
    /// is a submission: if a burst of checks stopped all submissions, their own checks would come as a burst again.
    /// </summary>
    public PendingCall? Take(bool checks, bool submissions)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            var letsPass = submissions && _checksInARow >= ChecksInARow && _checks.Waiting(now).Longest < CheckPatience;
            var call = letsPass ? _submissions.Take(now) : null;
            call ??= checks ? _checks.Take(now) : null;
            call ??= submissions ? _submissions.Take(now) : null;
            _checksInARow = call is { Message: CheckImages } ? _checksInARow + 1 : 0;
            return call;
        }
    }

    /// <summary>Takes out all calls that wait and were picked.</summary>
    public IReadOnlyList<PendingCall> TakePicked()
    {
        lock (_lock)
        {
            var picked = _pending.Values.Where(call => call is { IsWaiting: true, Claim: not null }).ToList();
            foreach (var call in picked)
            {
                _submissions.Remove(call);
                Forget(call);
            }
            return picked;
        }
    }

    /// <summary>Puts a call that was held back at the front again.</summary>
    public void PutBack(PendingCall call, DateTimeOffset notBefore)
    {
        if (call.Message.Trace is { } trace)
            call.Wait = trace.WaitForRetry(call.Message, time.GetUtcNow(), notBefore);
        lock (_lock)
            LineOf(call.Message).AddFirst(call, notBefore);
        Signal();
    }

    /// <summary>Notes that the call was made, or failed. It may be asked for again.</summary>
    public void Done(PendingCall call)
    {
        lock (_lock)
            Forget(call);
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

    public void Dispose() => _changed.Dispose();

    /// <summary>Wakes <see cref="WaitForChangeAsync"/>.</summary>
    public void Signal() => _changed.Set();

    private void Remember(PendingCall call)
    {
        _pending[call.Key] = call;
        if (call.IsPaid)
            _paid++;
    }

    private void Forget(PendingCall call)
    {
        if (_pending.Remove(call.Key) && call.IsPaid)
            _paid--;
    }

    private CallLine LineOf(IZpkCall message) => message is CheckImages ? _checks : _submissions;

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) =>
        other is null || one < other ? one : other;
}
