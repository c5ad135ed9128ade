using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.Storage;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// Gives new requests their first turns. One that meets no others is called at once. Else it waits in the database, and
/// whichever worker has room picks it: by priority, then by tenant, then by age. What is picked is claimed in the same
/// statement.
/// </summary>
public sealed partial class Turns(
    SubmissionLedger ledger,
    CallLimits limits,
    SubmissionPace paidPace,
    CallPace pace,
    ZpkGate gate,
    PendingCalls calls,
    Queues queues,
    IOptions<SubmissionOptions> options,
    TimeProvider time,
    ILogger<Turns> logger
)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>The longest that a flood may falter.</summary>
    private static readonly TimeSpan LongestLull = TimeSpan.FromMilliseconds(500);

    private readonly SubmissionOptions _options = options.Value;

    /// <summary>Half of the commands that may be on their way at once. The others come or are acknowledged just then.</summary>
    private readonly int _flood = Math.Max(
        2,
        Math.Min(queues.ConcurrencyOf(queues.GenerateImages), queues.PrefetchOf(queues.GenerateImages)) / 2
    );

    private readonly TurnOrder _order = new();
    private readonly SaidOnce _problem = new();
    private int _entering;
    private long _floodBeganAt = time.GetTimestamp() - time.TimestampFrequency;
    private long _floodedAt = time.GetTimestamp() - time.TimestampFrequency;
    private long _stored;
    private volatile bool _someWait;
    private volatile bool _isLookDue;
    private DateTimeOffset? _lookAgainAt;

    /// <summary>True while paid calls may begin.</summary>
    public bool IsOpen => pace.Pause is null && gate.ClosedForPaying is null;

    /// <summary>
    /// True while commands come faster than they are stored: half as many as may be are on their way, or were a moment ago.
    /// The longer a flood has lasted, the longer it may falter: on a busy machine its source has no time now and then.
    /// </summary>
    public bool IsFlooded
    {
        get
        {
            var last = Volatile.Read(ref _floodedAt);
            var lull = time.GetElapsedTime(Volatile.Read(ref _floodBeganAt), last) / 4;
            var allowed = Math.Clamp(lull.Ticks, SubmissionPace.Ahead.Ticks, LongestLull.Ticks);
            return time.GetElapsedTime(last).Ticks < allowed;
        }
    }

    /// <summary>How many requests this process has stored that wait.</summary>
    public long Stored => Interlocked.Read(ref _stored);

    /// <summary>True if requests wait, as far as this process knows, and if it must look.</summary>
    public bool MayHaveNext => _someWait || _isLookDue || _lookAgainAt <= time.GetUtcNow();

    /// <summary>When to look for requests whose tenants have no room now; null if there are none, as far as is known.</summary>
    public DateTimeOffset? LookAgainAt => _lookAgainAt;

    /// <summary>
    /// Says whether a new request must wait. One that must start in time does, if only for a moment: its time counts until
    /// it is picked. Dispose the entry once the request's step has ended.
    /// </summary>
    public TurnEntry Enter(GenerateImages command)
    {
        var entering = Interlocked.Increment(ref _entering);
        if (entering >= _flood)
            NoteFlood();
        var goesAtOnce =
            command.StartWithinSeconds is null
            && !_someWait
            && IsOpen
            && !paidPace.IsLimited
            && !limits.Limit(limits.LineOf(command.Tenant))
            && calls.Paid + entering <= _options.Concurrency
            && calls.ReadyToPay + entering <= pace.RoomFor(SubmissionPace.Ahead);
        return new(this, mustWait: !goesAtOnce);
    }

    /// <summary>Notes that a request was stored that waits.</summary>
    public void NoteWaiting()
    {
        Interlocked.Increment(ref _stored);
        _someWait = true;
        calls.Signal();
    }

    /// <summary>Has this process look for requests that others left waiting, until it is stopped.</summary>
    public Task RunAsync(CancellationToken stopping) =>
        Sweep.EveryAsync(
            LookInterval,
            time,
            _ =>
            {
                _isLookDue = true;
                calls.Signal();
                return Task.CompletedTask;
            },
            error => Log.Failed(logger, error),
            stopping
        );

    /// <summary>
    /// Picks and claims up to that many requests, in their order. None if the database cannot be asked; the next look
    /// tries again.
    /// </summary>
    /// <exception cref="OperationCanceledException">The process stops while this still waits for a slot.</exception>
    public async Task<IReadOnlyList<PickedRequest>> PickAsync(int count)
    {
        var stored = Stored;
        (_isLookDue, _lookAgainAt) = (false, null);
        try
        {
            IReadOnlyList<DateTimeOffset> slots = [];
            if (paidPace.IsLimited)
            {
                if (!await ledger.HasWaitingAsync())
                    count = 0;
                else
                    slots = await paidPace.ReserveAsync(count);
                count = slots.Count;
            }
            IReadOnlyList<PickedRequest> picked = [];
            if (count > 0)
                (picked, _lookAgainAt) = await ledger.PickAsync(count, _order.Lines);
            _order.Note(picked.Select(next => (next.Request.Priority, next.Request.Tenant)));
            _problem.IsNew(null);
            _someWait = picked.Count > 0 || stored != Stored;
            return slots.Count == 0 ? picked : [.. picked.Zip(slots, (next, slot) => next with { NotBefore = slot })];
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            _someWait = false;
            if (_problem.IsNew(exception.GetBaseException().Message))
                Log.Failed(logger, exception.GetBaseException().Message);
            return [];
        }
    }

    internal void Leave() => Interlocked.Decrement(ref _entering);

    private void NoteFlood()
    {
        var (isOn, now) = (IsFlooded, time.GetTimestamp());
        Volatile.Write(ref _floodedAt, now);
        if (!isOn)
            Volatile.Write(ref _floodBeganAt, now);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Requests that wait for their turns cannot be picked: {Error}")]
        public static partial void Failed(ILogger logger, string error);
    }
}

/// <summary>A new request on its way into the database.</summary>
public sealed class TurnEntry(Turns turns, bool mustWait) : IDisposable
{
    /// <summary>True if it waits there for its first turn.</summary>
    public bool MustWait => mustWait;

    public void Dispose() => turns.Leave();
}
