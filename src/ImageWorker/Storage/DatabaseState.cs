using System.Data.Common;
using ImageWorker.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace ImageWorker.Storage;

/// <summary>Tells whether the database is usable: reachable, writable, and at this version's schema.</summary>
public sealed partial class DatabaseState(Database database, TimeProvider time, ILogger<DatabaseState> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private volatile bool _schemaIsCurrent;

    /// <summary>Why the database is not usable, for people; null if it is.</summary>
    public async Task<string?> ProblemAsync(CancellationToken ct) => (await LookAsync(ct)).Problem;

    /// <summary>The same. <c>Unreadable</c> is null if the database can at least be read.</summary>
    public async Task<(string? Problem, string? Unreadable)> LookAsync(CancellationToken ct)
    {
        var problem = await PendingAsync(ct) ?? await UnwritableAsync(ct);
        return (problem?.Text, problem is { Kind: not DatabaseProblem.ReadOnly } ? problem.Text : null);
    }

    /// <summary>Why it cannot be reached or takes no changes; null if it does. Ignores the schema.</summary>
    public Task<DatabaseProblem?> UnwritableAsync(CancellationToken ct) =>
        ProblemOfAsync(async () =>
            await database.InAsync(db => db.WriteObstacleAsync(ct)) is { } obstacle
                ? new(DatabaseProblem.ReadOnly, obstacle)
                : null
        );

    /// <summary>What the schema lacks; null if it is this version's. Asks no more once it is.</summary>
    public async Task<DatabaseProblem?> PendingAsync(CancellationToken ct)
    {
        if (_schemaIsCurrent)
            return null;
        return await ProblemOfAsync(async () =>
        {
            var pending = await database.InAsync(async db =>
                (await db.Database.GetPendingMigrationsAsync(ct)).ToList()
            );
            _schemaIsCurrent = pending.Count == 0;
            if (_schemaIsCurrent)
                return null;
            return new(
                DatabaseProblem.SchemaMissing,
                await MissingAsync(ct) is { } missing
                    ? $"{missing}, run 'ImageWorker migrate --create-database'"
                    : $"database migrations are pending, run 'ImageWorker migrate': {string.Join(", ", pending)}"
            );
        });
    }

    /// <summary>Returns once the database was usable for this, its first use. Logs what it waits for.</summary>
    public async Task WaitUntilUsedAsync(Func<Task> use, CancellationToken ct)
    {
        var said = new SaidOnce();
        while ((await ProblemAsync(ct) ?? (await ProblemOfAsync(UseAsync))?.Text) is { } problem)
        {
            if (said.IsNew(problem))
                Log.Waiting(logger, problem);
            await Task.Delay(Pause, time, ct);
        }

        // It can be lost between a look and a use.
        async Task<DatabaseProblem?> UseAsync()
        {
            await use();
            return null;
        }
    }

    /// <summary>That the server has no such database, for people; null if it has.</summary>
    public Task<string?> MissingAsync(CancellationToken ct) =>
        database.InAsync(async db =>
            await db.GetService<IRelationalDatabaseCreator>().ExistsAsync(ct)
                ? null
                : $"there is no database '{db.Database.GetDbConnection().Database}'"
        );

    /// <summary>Brings the schema to this version. Creates the database if there is none. Returns the migrations that were applied.</summary>
    public Task<IReadOnlyList<string>> MigrateAsync(CancellationToken ct) =>
        database.InAsync<IReadOnlyList<string>>(async db =>
        {
            var pending = (await db.Database.GetPendingMigrationsAsync(ct)).ToList();
            // Only if needed: with SQLite, a process killed in the middle leaves a lock that blocks the next one.
            if (pending.Count > 0)
                await db.Database.MigrateAsync(ct);
            return pending;
        });

    /// <summary>Migrates once that is possible. Logs what it waits for.</summary>
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

    /// <summary>What this finds, or what keeps it from finding out.</summary>
    private static async Task<DatabaseProblem?> ProblemOfAsync(Func<Task<DatabaseProblem?>> look)
    {
        try
        {
            return await look();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return DatabaseProblem.Of(exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Waiting: {Problem}")]
        public static partial void Waiting(ILogger logger, string problem);
    }
}
