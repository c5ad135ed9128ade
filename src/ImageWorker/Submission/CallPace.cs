using System.Diagnostics.Metrics;
using ImageWorker.Hosting;
using ImageWorker.Pacing;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// Gives the calls of this process their turns, at the pace that all workers share. While ZPK refuses nothing, calls
/// begin as they come. Once it answered 429, each call takes a slot. If the shared pace cannot be reached, this process
/// goes on at its share of the last one.
/// </summary>
public sealed partial class CallPace : IDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ExchangePatience = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan SlotLife = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly WorkerIdentity _worker;
    private readonly PaceOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<CallPace> _logger;
    private readonly Counter<long> _refusals;
    private readonly SaidOnce _problem = new();

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SemaphoreSlim _refreshing = new(1);
    private readonly Signal _ended = new();
    private readonly Queue<DateTimeOffset> _slots = new();
    private readonly Queue<DateTimeOffset> _begun = new();
    private readonly List<PaceRefusal> _refused = [];
    private PaceState _last = new();
    private PaceState? _alone;
    private PaceGrant? _grant;
    private DateTimeOffset _grantedAt;
    private DateTimeOffset _askAgainAt;
    private TimeSpan _ahead;
    private double? _ceiling;
    private long _passed;
    private int _underWay;

    public CallPace(
        Database database,
        WorkerIdentity worker,
        PendingCalls calls,
        IOptions<PaceOptions> options,
        IMeterFactory meters,
        TimeProvider time,
        ILogger<CallPace> logger
    )
    {
        (_database, _worker, _options, _time, _logger) = (database, worker, options.Value, time, logger);
        var meter = meters.Create(WorkerMetrics.MeterName);
        _refusals = meter.CreateCounter<long>(
            "imageworker.pace.refused",
            null,
            "Calls that ZPK refused because it gets more than it takes (429)."
        );
        _refusals.Add(0);
        meter.CreateObservableGauge(
            "imageworker.pace.rate",
            () => Rate ?? 0,
            null,
            "Calls a second that all workers together keep to; 0 while no limit is known."
        );
        meter.CreateObservableGauge(
            "imageworker.pace.paused",
            () => Pause is null ? 0 : 1,
            null,
            "1 while an operator holds back paid calls."
        );
        meter.CreateObservableGauge(
            "imageworker.calls.waiting",
            () => Measure(waiting => waiting.Count),
            "{call}",
            "Calls that wait for their turns in this process."
        );
        meter.CreateObservableGauge(
            "imageworker.calls.longest_wait",
            () => Measure(waiting => waiting.Longest.TotalSeconds),
            "s",
            "How long the first of them has waited."
        );

        Measurement<T>[] Measure<T>(Func<(int Count, TimeSpan Longest), T> what)
            where T : struct =>
            [
                new(what(calls.Waiting(paid: true)), new KeyValuePair<string, object?>("call", "generate")),
                new(what(calls.Waiting(paid: false)), new KeyValuePair<string, object?>("call", "check")),
            ];
    }

    /// <summary>Calls a second that all workers together keep to; null while no limit is known.</summary>
    public double? Rate { get; private set; }

    /// <summary>How many calls may begin in a time so short, as far as this process knows.</summary>
    public int RoomFor(TimeSpan time)
    {
        lock (_lock)
        {
            var room = Rate is { } rate ? Math.Max(1, (int)(rate * time.TotalSeconds)) : int.MaxValue;
            return _grant?.AtOnce is { } atOnce ? Math.Clamp(atOnce - _underWay, 0, room) : room;
        }
    }

    /// <summary>Why an operator holds back paid calls; null while they may be made.</summary>
    public string? Pause { get; private set; }

    /// <summary>Until when ZPK asked all calls to wait; null while they need not.</summary>
    public DateTimeOffset? ClosedUntil
    {
        get
        {
            lock (_lock)
                return _grant?.ClosedUntil - _ahead is { } until && until > _time.GetUtcNow() ? until : null;
        }
    }

    /// <summary>Calls of this process that were not refused, since it started.</summary>
    public long Passed => Interlocked.Read(ref _passed);

    /// <summary>Keeps this process's view of the shared pace fresh until it is stopped.</summary>
    public Task RunAsync(CancellationToken stopping) =>
        Sweep.EveryAsync(LookInterval, _time, _ => RefreshAsync(0), error => Log.Alone(_logger, error), stopping);

    /// <summary>Waits until a call may begin, and begins it.</summary>
    /// <param name="waiting">How many calls of this process wait, this one included.</param>
    /// <param name="ct">Ends the wait. A call that need not wait begins nevertheless.</param>
    public async Task<PaceTurn> TakeTurnAsync(Func<int> waiting, CancellationToken ct)
    {
        if (TryBeginUnpaced() is { } unpaced)
            return unpaced;
        await _turn.WaitAsync(ct);
        try
        {
            while (true)
            {
                if (TryBeginUnpaced() is { } turn)
                    return turn;
                var wait = NextWait();
                if (wait > TimeSpan.Zero)
                    // Delays count whole milliseconds and round down: rounded down to none, this loop would spin.
                    await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), _time, ct);
                else if (wait == TimeSpan.Zero)
                    return Begin();
                else if (!IsFull || !await _ended.WaitAsync(SlotLife, ct))
                    await RefreshAsync(Math.Max(1, waiting()));
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _turn.Dispose();
        _refreshing.Dispose();
        _ended.Dispose();
    }

    internal void End(PaceTurn turn, bool isRefused, bool isTold, TimeSpan? retryAfter)
    {
        lock (_lock)
        {
            _underWay--;
            if (!isRefused)
                _passed++;
            else if (isTold)
            {
                _refused.Add(new(turn.BegunAt + _ahead, retryAfter));
                // What this process believed is out of date: the next call looks anew.
                _askAgainAt = default;
                if (_grant is { IsUnlimited: true })
                    _grant = null;
            }
        }
        if (isRefused)
            _refusals.Add(1);
        _ended.Set();
    }

    private bool IsFull => _grant?.AtOnce is { } atOnce && _underWay >= atOnce;

    private PaceTurn? TryBeginUnpaced()
    {
        lock (_lock)
            return _grant is { IsUnlimited: true } && !IsFull ? BeginNow() : null;
    }

    private PaceTurn Begin()
    {
        lock (_lock)
        {
            _slots.Dequeue();
            return BeginNow();
        }
    }

    private PaceTurn BeginNow()
    {
        var now = _time.GetUtcNow();
        _underWay++;
        while (_begun.TryPeek(out var first) && now - first > Measured)
            _begun.Dequeue();
        _begun.Enqueue(now);
        return new(this, now);
    }

    /// <summary>How long the next call waits: 0 if its slot has come, negative if there is no slot.</summary>
    private TimeSpan NextWait()
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            if (IsFull)
                return Timeout.InfiniteTimeSpan;
            // A slot that was missed for long is lost: several at once would be a burst. It is not if it came late itself.
            if (now - _grantedAt > SlotLife)
            {
                while (_slots.TryPeek(out var missed) && now - missed > SlotLife)
                    _slots.Dequeue();
            }
            if (_slots.TryPeek(out var slot))
                return slot > now ? slot - now : TimeSpan.Zero;
            return _askAgainAt > now ? _askAgainAt - now : Timeout.InfiniteTimeSpan;
        }
    }

    /// <summary>
    /// Sees how the shared pace stands; tells it something and takes slots only where it must. What goes wrong stops no
    /// call.
    /// </summary>
    private async Task RefreshAsync(int wanted)
    {
        await _refreshing.WaitAsync();
        try
        {
            if (await LookAsync(wanted) || await ExchangeAsync(wanted))
                _problem.IsNew(null);
            else
                GoOnAlone(wanted, "another transaction holds the row of table call_pace");
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            GoOnAlone(wanted, exception.GetBaseException().Message);
        }
        finally
        {
            _refreshing.Release();
        }
    }

    /// <summary>Reads the shared pace; false if something must be told to it or taken from it.</summary>
    private async Task<bool> LookAsync(int wanted)
    {
        lock (_lock)
        {
            if (_refused.Count > 0 || _options.AtOnce is not null || (wanted > 0 && _grant is not null))
                return false;
        }
        var row = await _database.InAsync(db => db.LookAtPaceAsync());
        Note(row);
        var isUnpaced = row.State.Length == 0 && Ceiling() is null;
        var rate = PaceState.Parse(row.State).Rate;
        lock (_lock)
        {
            Rate = rate;
            if (_refused.Count > 0)
                return false;
            if (isUnpaced)
                _grant = new() { IsUnlimited = true };
            else if (_grant is { IsUnlimited: true })
                _grant = null;
        }
        return isUnpaced || wanted == 0;
    }

    /// <summary>
    /// Tells the shared pace what this process saw, and takes slots for the calls that wait. False if nothing came of it.
    /// </summary>
    private async Task<bool> ExchangeAsync(int wanted)
    {
        var begins = _time.GetTimestamp();
        while (!await _database.InAsync(db => db.TryMovePaceAsync(Step, _time.GetUtcNow())))
        {
            if (_time.GetElapsedTime(begins) >= ExchangePatience)
                return false;
            await Task.Delay(Moment, _time);
        }
        lock (_lock)
            _grantedAt = _time.GetUtcNow();
        return true;

        string Step(CallPaceRow row, DateTimeOffset now)
        {
            Note(row);
            var state = PaceState.Parse(row.State);
            lock (_lock)
            {
                _ahead = now - _time.GetUtcNow();
                Take(PaceController.Exchange(state, Report(wanted), Limits(), now), wanted);
                (_last, _alone) = (state, null);
                Rate = state.Rate;
            }
            return state.ToJson();
        }
    }

    private void GoOnAlone(int wanted, string problem)
    {
        if (_problem.IsNew(problem))
            Log.Alone(_logger, problem);
        lock (_lock)
        {
            var now = _time.GetUtcNow() + _ahead;
            _alone ??= PaceController.Alone(_last, _worker.Id, now);
            Take(PaceController.Exchange(_alone, Report(wanted), Limits(), now), wanted);
            _grantedAt = now - _ahead;
        }
    }

    private PaceReport Report(int wanted)
    {
        var report = new PaceReport(_worker.Id)
        {
            Begun = [.. _begun.Select(at => at + _ahead)],
            Refused = [.. _refused],
            UnderWay = _underWay,
            Wanted = wanted,
        };
        _begun.Clear();
        _refused.Clear();
        return report;
    }

    private void Take(PaceGrant grant, int wanted)
    {
        _grant = grant;
        // Who only tells something takes no slot from the calls that wait, nor has them ask later.
        if (wanted == 0 && grant.ClosedUntil is null)
            return;
        _slots.Clear();
        foreach (var slot in grant.Slots)
            _slots.Enqueue(slot - _ahead);
        _askAgainAt = ((grant.ClosedUntil ?? grant.AskAgainAt) - _ahead) ?? default;
    }

    private void Note(CallPaceRow row)
    {
        (_ceiling, Pause) = (row.Ceiling, row.PausedAt is null ? null : row.PauseReason ?? "");
    }

    private double? Ceiling() =>
        (_ceiling, _options.PerSecond) is ({ } one, { } other) ? Math.Min(one, other) : _ceiling ?? _options.PerSecond;

    private PaceLimits Limits() => new(Ceiling(), _options.AtOnce);

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "The pace that all workers share cannot be reached: {Problem}. This process goes on at its share of the last one"
        )]
        public static partial void Alone(ILogger logger, string problem);
    }
}
