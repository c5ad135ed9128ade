using ImageWorker.Hosting;

namespace ImageWorker.Storage;

/// <summary>
/// Notices that the database may have forgotten commits: it failed over to a standby, or was restored to an earlier state.
/// Claims are only made while its timeline is the one that this process has seen, so nothing is paid for in between.
/// </summary>
public sealed partial class DatabaseTimeline(
    Database database,
    DatabaseClock clock,
    TimeProvider time,
    ILogger<DatabaseTimeline> logger
) : IDisposable
{
    /// <summary>For so long after a change, every new submission is looked up before it is paid for.</summary>
    public static readonly TimeSpan LookUpFor = TimeSpan.FromHours(1);

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _looking = new(1);
    private readonly List<Action> _afterChange = [];
    private TimelineLook? _last;

    /// <summary>How often the database may have forgotten what this process had committed, since it started.</summary>
    public int Changes { get; private set; }

    /// <summary>The timeline that this process has seen; empty where there is none.</summary>
    public string Timeline => _last?.Timeline ?? "";

    /// <summary>What receives its log.</summary>
    public Standbys Standbys => _last?.Standbys ?? Standbys.None;

    /// <summary>The call that the database may have forgotten of a request; null if it cannot have.</summary>
    /// <param name="acceptedAt">When the request was accepted.</param>
    /// <param name="lease">How long a claim keeps others away.</param>
    public ForgottenCall? ForgottenCallOf(DateTimeOffset acceptedAt, TimeSpan lease)
    {
        if (_last is not { Row: { ForgotAt: { } at, LookUpUntil: { } until } } last)
            return null;
        var since = last.Now - at + time.GetElapsedTime(last.LookedAt);
        if (acceptedAt >= at && since >= until - at)
            return null;
        var watched = since < clock.EvenFor ? since : clock.EvenFor;
        return new(watched < lease ? lease - watched : TimeSpan.Zero, at + lease);
    }

    /// <summary>Has this done at each such change. For the time while the process is put together.</summary>
    public void AfterChange(Action action) => _afterChange.Add(action);

    /// <summary>Keeps this process's view fresh until it is stopped.</summary>
    public Task RunAsync(CancellationToken stopping) =>
        Sweep.EveryAsync(LookInterval, time, _ => LookAsync(), error => Log.Failed(logger, error), stopping);

    /// <summary>Sees how the history stands, and notes a change for all workers.</summary>
    public async Task<TimelineLook> LookAsync()
    {
        await _looking.WaitAsync();
        try
        {
            var look = await database.InAsync(LookAsync) with { LookedAt = time.GetTimestamp() };
            var before = _last;
            // A standby, or the primary to be, says nothing yet. Until it does, nothing is claimed.
            if (look.Timeline.Length == 0 && before is not null)
                look = look with { SystemId = before.SystemId, Timeline = before.Timeline, Position = before.Position };
            _last = look;
            if (before is not null && (!IsSame(before, look) || before.Row.ForgotAt != look.Row.ForgotAt))
            {
                Log.Changed(
                    logger,
                    IsSame(before, look)
                        ? "its last position went back, or 'recover' was run"
                        : $"timeline {before.Timeline}, now {look.Timeline}"
                );
                Changes++;
                foreach (var action in _afterChange)
                    action();
            }
            return look;
        }
        finally
        {
            _looking.Release();
        }
    }

    public void Dispose() => _looking.Dispose();

    private async Task<TimelineLook> LookAsync(WorkerContext db)
    {
        var before = time.GetTimestamp();
        var look = await db.LookAtTimelineAsync();
        if (db.HasClock)
            await clock.NoteAsync(db, look.Now, before);
        if (look.Timeline.Length == 0)
            return look;
        var wentBack = _last is { } last && IsSame(last, look) && look.Position < last.Position;
        if (!wentBack && (look.Row.SystemId, look.Row.Timeline) == (look.SystemId, look.Timeline))
            return look;
        await db.NoteTimelineAsync(look, isForgetful: look.Row.Timeline.Length > 0, LookUpFor);
        return await db.LookAtTimelineAsync();
    }

    private static bool IsSame(TimelineLook one, TimelineLook other) =>
        (one.SystemId, one.Timeline) == (other.SystemId, other.Timeline);

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "The database may have forgotten what was committed last: its history changed ({How}). Commands that were not acknowledged come again, and for an hour submissions are looked up before they are paid for"
        )]
        public static partial void Changed(ILogger logger, string how);

        [LoggerMessage(2, LogLevel.Warning, "The database's history cannot be seen: {Error}")]
        public static partial void Failed(ILogger logger, string error);
    }
}

/// <summary>A paid call that may have been made, and that the database has forgotten.</summary>
/// <param name="Lasts">For so long it may still be under way: until then, "not found" proves nothing. Zero for no more.</param>
/// <param name="Until">The end of that time, by the lease clock.</param>
public sealed record ForgottenCall(TimeSpan Lasts, DateTimeOffset Until);

/// <summary>The database's timeline is not the one that this process has seen. Nothing was claimed.</summary>
public sealed class DatabaseForgotException() : Exception("The database's history changed.");
