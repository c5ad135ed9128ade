using System.Data.Common;
using ImageWorker.Hosting;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Storage;

/// <summary>Whether the database can be worked with: reachable, and at this version's schema.</summary>
public sealed partial class DatabaseState(Database database, TimeProvider time, ILogger<DatabaseState> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private volatile bool _schemaIsCurrent;

    /// <summary>Why it cannot be worked with, for people; null if it can.</summary>
    public async Task<string?> ProblemAsync(CancellationToken ct) => (await LookAsync(ct)).Problem;

    /// <summary>The same, and of that what keeps it from even being read.</summary>
    public async Task<(string? Problem, string? Unreadable)> LookAsync(CancellationToken ct) =>
        await PendingAsync(ct) is { } pending ? (pending, pending) : await ReachAsync(ct);

    /// <summary>Why it cannot be reached, or takes no changes, whatever its schema; for people, null if it does.</summary>
    public async Task<string?> UnwritableAsync(CancellationToken ct) => (await ReachAsync(ct)).Problem;

    /// <summary>What the schema lacks, for people; null if it is this version's. Asked until it is, and not again.</summary>
    public async Task<string?> PendingAsync(CancellationToken ct)
    {
        if (_schemaIsCurrent)
            return null;
        try
        {
            var pending = await database.InAsync(async db =>
                (await db.Database.GetPendingMigrationsAsync(ct)).ToList()
            );
            _schemaIsCurrent = pending.Count == 0;
            return _schemaIsCurrent
                ? null
                : $"database migrations are pending ({string.Join(", ", pending)}): run 'ImageWorker migrate'";
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return Unreachable(exception);
        }
    }

    /// <summary>Returns once the database can be worked with, and says meanwhile what it waits for.</summary>
    public async Task WaitUntilReadyAsync(CancellationToken ct)
    {
        var said = new SaidOnce();
        while (await ProblemAsync(ct) is { } problem)
        {
            if (said.IsNew(problem))
                Log.Waiting(logger, problem);
            await Task.Delay(Pause, time, ct);
        }
    }

    /// <summary>Brings the schema to this version. Returns the migrations that were applied.</summary>
    public Task<IReadOnlyList<string>> MigrateAsync(CancellationToken ct) =>
        database.InAsync<IReadOnlyList<string>>(async db =>
        {
            var pending = (await db.Database.GetPendingMigrationsAsync(ct)).ToList();
            // Only then: with SQLite, a process killed in the middle leaves a lock that the next one would wait for.
            if (pending.Count > 0)
                await db.Database.MigrateAsync(ct);
            return pending;
        });

    /// <summary>The same, once it can be done: says what it waits for meanwhile.</summary>
    public async Task MigrateWhenPossibleAsync(CancellationToken ct)
    {
        var said = new SaidOnce();
        while (true)
        {
            try
            {
                await MigrateAsync(ct);
                return;
            }
            catch (DbException exception)
            {
                if (said.IsNew(exception.Message))
                    Log.Waiting(logger, $"the database cannot be written: {exception.Message}");
            }
            await Task.Delay(Pause, time, ct);
        }
    }

    private async Task<(string? Problem, string? Unreadable)> ReachAsync(CancellationToken ct)
    {
        try
        {
            return (await database.InAsync(db => db.WriteObstacleAsync(ct)), null);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var failure = Unreachable(exception);
            return (failure, failure);
        }
    }

    private static string Unreachable(Exception exception) =>
        $"the database cannot be reached: {exception.GetBaseException().Message}";

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Waiting: {Problem}")]
        public static partial void Waiting(ILogger logger, string problem);
    }
}
