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
    };

    private readonly ILogger<StepRetries> _logger;
    private readonly ResiliencePipeline _again;

    public StepRetries(ILogger<StepRetries> logger)
    {
        _logger = logger;
        _again = new ResiliencePipelineBuilder()
            .AddRetry(
                new RetryStrategyOptions
                {
                    ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is { } e && IsPassing(e)),
                    MaxRetryAttempts = 300,
                    BackoffType = DelayBackoffType.Exponential,
                    Delay = TimeSpan.FromMilliseconds(20),
                    MaxDelay = TimeSpan.FromSeconds(5),
                    UseJitter = true,
                    OnRetry = args =>
                    {
                        Log.Again(logger, args.RetryDelay, args.Outcome.Exception!.GetBaseException().Message);
                        return default;
                    },
                }
            )
            .Build();
    }

    /// <summary>Runs the step, and repeats it: at once, then with a backoff. The step gets true for a repeat.</summary>
    public async Task<T> ExecuteAsync<T>(Func<bool, Task<T>> step, CancellationToken ct)
    {
        try
        {
            return await step(false);
        }
        catch (Exception exception) when (IsPassing(exception))
        {
            Log.Again(_logger, TimeSpan.Zero, exception.GetBaseException().Message);
        }
        return await _again.ExecuteAsync(static async (step, _) => await step(true), step, ct);
    }

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
            TimeoutException or SocketException => true,
            _ => exception.InnerException is { } inner && IsPassing(inner),
        };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "A step runs again in {Delay}: {Reason}")]
        public static partial void Again(ILogger logger, TimeSpan delay, string reason);
    }
}
