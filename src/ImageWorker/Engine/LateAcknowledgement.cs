using System.Diagnostics.Metrics;
using ImageWorker.Hosting;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using MassTransit;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// Has a command acknowledged only once a standby of the database has its commit. If the database fails over before, the
/// broker delivers the command again. What the command began does not wait.
/// </summary>
public sealed partial class LateAcknowledgement : IFilter<ReceiveContext>, IDisposable
{
    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly DatabaseTimeline _timeline;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly ILogger<LateAcknowledgement> _logger;
    private readonly Counter<long> _unreplicated;
    private readonly Lock _lock = new();
    private readonly Queue<Waiter> _waiters = new();
    private readonly Signal _added = new();
    private long? _standbySeenAt;
    private bool _goesOnWithout;

    public LateAcknowledgement(
        DatabaseTimeline timeline,
        IOptions<DeliveryOptions> options,
        IMeterFactory meters,
        TimeProvider time,
        ILogger<LateAcknowledgement> logger
    )
    {
        (_timeline, _patience, _time, _logger) = (timeline, options.Value.ReplicationPatience, time, logger);
        timeline.AfterChange(ReturnAll);
        var meter = meters.Create(WorkerMetrics.MeterName);
        _unreplicated = meter.CreateCounter<long>(
            "imageworker.commands.unreplicated",
            null,
            "Commands that were acknowledged although a standby did not have their commits in time."
        );
        _unreplicated.Add(0);
    }

    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        var changes = _timeline.Changes;
        await next.Send(context);
        await ReplicatedAsync(changes);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("lateAcknowledgement");

    public void Dispose() => _added.Dispose();

    /// <summary>Watches the standbys while commands wait for them, until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var said = new SaidOnce();
        var pause = ShortPause;
        long? position = null;
        while (true)
        {
            if (Count() == 0)
                await _added.WaitAsync(_goesOnWithout ? LookInterval : Timeout.InfiniteTimeSpan, stopping);
            try
            {
                var waiting = Count();
                var look = await _timeline.LookAsync();
                // Not the position of this look: it moves all the time.
                if (_goesOnWithout && look.Standbys.Reached >= position)
                    GoOnWith();
                pause =
                    Release(waiting, look) > 0 ? ShortPause
                    : pause * 2 < LongPause ? pause * 2
                    : LongPause;
                position = look.Position;
                said.IsNew(null);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Nobody can tell what the standbys have. So nothing is acknowledged, however long that takes.
                Forgive();
                if (said.IsNew(exception.GetBaseException().Message))
                    Log.Unknown(_logger, exception.GetBaseException().Message);
            }
            await Task.Delay(pause, _time, stopping);
        }
    }

    /// <summary>Returns once a standby has everything that was committed before.</summary>
    /// <param name="changes">The number of the history's changes when the command came.</param>
    /// <exception cref="DatabaseForgotException">What was committed may be lost.</exception>
    private Task ReplicatedAsync(int changes)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (changes != _timeline.Changes)
                throw new DatabaseForgotException();
            if (_timeline.Standbys.Visible > 0)
                _standbySeenAt = _time.GetTimestamp();
            // One that has just gone may be back in a moment.
            if (_standbySeenAt is not { } seenAt || _time.GetElapsedTime(seenAt) >= _patience)
                return Task.CompletedTask;
            if (_goesOnWithout)
            {
                _unreplicated.Add(1);
                return Task.CompletedTask;
            }
            _waiters.Enqueue(new(done));
            _added.Set();
        }
        return done.Task;
    }

    private int Count()
    {
        lock (_lock)
            return _waiters.Count;
    }

    /// <summary>Lets those go that a standby has. Returns how many.</summary>
    /// <param name="waiting">How many waited before the look: what these committed is in it.</param>
    /// <param name="look">The look.</param>
    private int Release(int waiting, TimelineLook look)
    {
        lock (_lock)
        {
            foreach (var waiter in _waiters.Take(waiting))
            {
                waiter.Position ??= look.Position;
                waiter.Since ??= _time.GetTimestamp();
            }
            var released = 0;
            while (_waiters.TryPeek(out var first) && first.Position <= look.Standbys.Reached)
            {
                _waiters.Dequeue().Done.TrySetResult();
                released++;
            }
            if (
                _waiters.TryPeek(out var oldest)
                && oldest.Since is { } since
                && _time.GetElapsedTime(since) > _patience
            )
                GoOnWithout();
            return released;
        }
    }

    private void GoOnWithout()
    {
        Log.GoesOnWithout(_logger, _patience.TotalSeconds, _waiters.Count);
        _goesOnWithout = true;
        _unreplicated.Add(_waiters.Count);
        while (_waiters.TryDequeue(out var waiter))
            waiter.Done.TrySetResult();
    }

    private void GoOnWith()
    {
        lock (_lock)
            _goesOnWithout = false;
        Log.CaughtUp(_logger);
    }

    private void Forgive()
    {
        lock (_lock)
        {
            foreach (var waiter in _waiters)
                waiter.Since = null;
        }
    }

    private void ReturnAll()
    {
        lock (_lock)
        {
            while (_waiters.TryDequeue(out var waiter))
                waiter.Done.TrySetException(new DatabaseForgotException());
        }
    }

    /// <summary>A command that is done, but for its acknowledgement.</summary>
    private sealed class Waiter(TaskCompletionSource done)
    {
        public TaskCompletionSource Done { get; } = done;

        /// <summary>How far a standby must be; null before the first look.</summary>
        public long? Position { get; set; }

        /// <summary>Since when the primary answers, and no standby is so far.</summary>
        public long? Since { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "No standby of PostgreSQL had the last commits within {Seconds} s (Delivery:ReplicationPatience). {Count} commands are acknowledged without, and those that follow, until a standby has caught up: a failover now could lose them"
        )]
        public static partial void GoesOnWithout(ILogger logger, double seconds, int count);

        [LoggerMessage(2, LogLevel.Information, "A standby of PostgreSQL has caught up; commands wait for it again")]
        public static partial void CaughtUp(ILogger logger);

        [LoggerMessage(
            3,
            LogLevel.Warning,
            "Commands wait to be acknowledged: what the standbys have is not known: {Error}"
        )]
        public static partial void Unknown(ILogger logger, string error);
    }
}
