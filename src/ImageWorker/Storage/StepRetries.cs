using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Polly;
using Polly.Retry;

namespace ImageWorker.Storage;

/// <summary>
/// Runs a step again after what is not its own fault: two steps of one request at once, and a database that is away,
/// full or not to be written for now. A bug is not among them, nor is what the database cannot store. The command that the
/// step is for stays unacknowledged meanwhile; the limit keeps it below the broker's own patience of 30 minutes.
/// </summary>
public sealed partial class StepRetries
{
    private const int SqliteBusy = 5;
    private const int SqliteFull = 13;
    private const int SqliteConstraint = 19;

    /// <summary>What somebody has to mend about the database, and Npgsql does not call transient: no message is at fault.</summary>
    private static readonly HashSet<string> ToBeMended = new(StringComparer.Ordinal)
    {
        // A password that was changed, or a role that may not log in.
        PostgresErrorCodes.InvalidPassword,
        PostgresErrorCodes.InvalidAuthorizationSpecification,
        // A standby, before or after it was the primary.
        PostgresErrorCodes.ReadOnlySqlTransaction,
        PostgresErrorCodes.InsufficientPrivilege,
        // While it is restored.
        PostgresErrorCodes.InvalidCatalogName,
        PostgresErrorCodes.DatabaseDropped,
        // By an administrator, or by the server's own statement_timeout.
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

    /// <summary>Runs the step, which is told whether it is run again: at once, and then with a backoff.</summary>
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

    /// <summary>Whether the same step may well succeed later.</summary>
    internal static bool IsPassing(Exception exception) =>
        exception switch
        {
            DbUpdateConcurrencyException => true,
            // Two first messages of a request insert its row at once; the second finds it on its next try.
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
