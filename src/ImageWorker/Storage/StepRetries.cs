using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Polly;
using Polly.Retry;

namespace ImageWorker.Storage;

/// <summary>
/// Runs a step again after a failure that is not its fault: two steps of one request ran at once, or the database is
/// away, full or read-only for now. It repeats no bug, and nothing that the database cannot store. The step's command
/// stays unacknowledged meanwhile. The limit keeps that below the broker's own patience of 30 minutes.
/// </summary>
public sealed partial class StepRetries
{
    private const int SqliteBusy = 5;
    private const int SqliteFull = 13;
    private const int SqliteConstraint = 19;

    /// <summary>Problems that somebody has to mend, and that Npgsql does not call transient.</summary>
    private static readonly HashSet<string> ToBeMended = new(StringComparer.Ordinal)
    {
        // The password was changed, or the role may not log in.
        PostgresErrorCodes.InvalidPassword,
        PostgresErrorCodes.InvalidAuthorizationSpecification,
        // A standby, before or after it was the primary.
        PostgresErrorCodes.ReadOnlySqlTransaction,
        PostgresErrorCodes.InsufficientPrivilege,
        // The database is being restored.
        PostgresErrorCodes.InvalidCatalogName,
        PostgresErrorCodes.DatabaseDropped,
        // Cancelled by an administrator, or by the server's own statement_timeout.
        PostgresErrorCodes.QueryCanceled,
        // A pooler lost its server, or gave the session to another client in between.
        PostgresErrorCodes.InvalidSqlStatementName,
        PostgresErrorCodes.DuplicatePreparedStatement,
        PostgresErrorCodes.ProtocolViolation,
    };

    private readonly ILogger<StepRetries> _logger;
    private readonly ResiliencePipeline _again;
    private readonly ResiliencePipeline _againUnlessLocked;

    public StepRetries(ILogger<StepRetries> logger)
    {
        _logger = logger;
        _again = PipelineFor(IsPassing);
        _againUnlessLocked = PipelineFor(failure => IsPassing(failure) && !IsLocked(failure));
    }

    /// <summary>Runs the step, and repeats it: at once, then with a backoff. The step gets true for a repeat.</summary>
    /// <param name="waitsForLocks">
    /// False if something else repeats the step later: it then gives up once a lock on its request lasts, because others
    /// need its place.
    /// </param>
    /// <param name="step">The step.</param>
    /// <param name="ct">Ends the repeats.</param>
    public async Task<T> ExecuteAsync<T>(bool waitsForLocks, Func<bool, Task<T>> step, CancellationToken ct)
    {
        try
        {
            return await step(false);
        }
        catch (Exception exception) when (IsPassing(exception) && (waitsForLocks || !IsLocked(exception)))
        {
            Log.Again(_logger, TimeSpan.Zero, exception.GetBaseException().Message);
        }
        var again = waitsForLocks ? _again : _againUnlessLocked;
        return await again.ExecuteAsync(static async (step, _) => await step(true), step, ct);
    }

    private ResiliencePipeline PipelineFor(Func<Exception, bool> isPassing) =>
        new ResiliencePipelineBuilder()
            .AddRetry(
                new RetryStrategyOptions
                {
                    ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is { } e && isPassing(e)),
                    MaxRetryAttempts = 300,
                    BackoffType = DelayBackoffType.Exponential,
                    Delay = TimeSpan.FromMilliseconds(20),
                    MaxDelay = TimeSpan.FromSeconds(5),
                    UseJitter = true,
                    OnRetry = args =>
                    {
                        Log.Again(_logger, args.RetryDelay, args.Outcome.Exception!.GetBaseException().Message);
                        return default;
                    },
                }
            )
            .Build();

    /// <summary>True if the same step may well succeed later.</summary>
    internal static bool IsPassing(Exception exception) =>
        exception switch
        {
            DbUpdateConcurrencyException => true,
            // Two first messages of a request insert its row at once. The second finds it on its next try.
            DbUpdateException { InnerException: PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } } =>
                true,
            DbUpdateException { InnerException: SqliteException { SqliteErrorCode: SqliteConstraint } } => true,
            SqliteException { SqliteErrorCode: SqliteBusy or SqliteFull } => true,
            DbException { IsTransient: true } => true,
            PostgresException { SqlState: var state } when ToBeMended.Contains(state) => true,
            // No connection, no descriptor, no room: no step does any input or output for its own sake.
            TimeoutException or SocketException or IOException => true,
            _ => exception.InnerException is { } inner && IsPassing(inner),
        };

    private static bool IsLocked(Exception exception) => exception is RequestLockedException { IsLong: true };

    /// <summary>True if a statement was given up because it took too long, most likely because it waited for a lock.</summary>
    internal static bool IsBlocked(Exception exception) =>
        exception.GetBaseException()
            is TimeoutException
                or PostgresException
                {
                    SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled
                };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "A step runs again in {Delay}: {Reason}")]
        public static partial void Again(ILogger logger, TimeSpan delay, string reason);
    }
}
