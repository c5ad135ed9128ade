using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Polly;
using Polly.Retry;

namespace ImageWorker.Storage;

/// <summary>
/// Runs a step again after what passes by itself: two steps of one request at once, and a database that is away or full. A bug
/// is not among them. The command that the step is for stays unacknowledged meanwhile; the limit keeps it below the
/// broker's own patience of 30 minutes.
/// </summary>
public sealed class StepRetries
{
    private const int SqliteBusy = 5;
    private const int SqliteFull = 13;
    private const int SqliteConstraint = 19;

    private static readonly ResiliencePropertyKey<bool> IsRetry = new("isRetry");

    private readonly ResiliencePipeline pipeline = new ResiliencePipelineBuilder()
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
                    args.Context.Properties.Set(IsRetry, value: true);
                    return default;
                },
            }
        )
        .Build();

    /// <summary>Runs the step, which is told whether it is run again.</summary>
    public async Task<T> Execute<T>(Func<bool, Task<T>> step, CancellationToken ct)
    {
        var context = ResilienceContextPool.Shared.Get(ct);
        try
        {
            return await pipeline.ExecuteAsync(
                static async (context, step) => await step(context.Properties.GetValue(IsRetry, defaultValue: false)),
                context,
                step
            );
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static bool IsPassing(Exception exception) =>
        exception switch
        {
            DbUpdateConcurrencyException => true,
            // Two first messages of a request insert its row at once; the second finds it on its next try.
            DbUpdateException { InnerException: PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } } =>
                true,
            DbUpdateException { InnerException: SqliteException { SqliteErrorCode: SqliteConstraint } } => true,
            SqliteException { SqliteErrorCode: SqliteBusy or SqliteFull } => true,
            DbException { IsTransient: true } => true,
            TimeoutException or SocketException => true,
            _ => exception.InnerException is { } inner && IsPassing(inner),
        };
}
