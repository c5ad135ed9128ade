using ImageWorker.Hosting;
using Microsoft.Extensions.Options;

namespace ImageWorker.Retention;

/// <summary>
/// Removes rows that are past their retention, from time to time. Every replica does so at its own times, and skips
/// rows that another one is removing.
/// </summary>
public sealed partial class RetentionService(
    ExpiredRows expired,
    IOptions<RetentionOptions> options,
    TimeProvider time,
    ILogger<RetentionService> logger
) : BackgroundService
{
    /// <summary>Anybody can send cancellations as fast as they like.</summary>
    private static readonly TimeSpan LongestCancellationInterval = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var interval = options.Value.Interval;
        return Task.WhenAll(
            SearchAsync(interval, RemoveAsync, stoppingToken),
            SearchAsync(
                interval < LongestCancellationInterval ? interval : LongestCancellationInterval,
                RemoveCancellationsAsync,
                stoppingToken
            )
        );
    }

    private async Task SearchAsync(TimeSpan interval, Func<CancellationToken, Task> remove, CancellationToken stopping)
    {
        // A random wait: replicas that start together do not search together, and none searches while it starts.
        await Task.Delay(interval * (1 + Random.Shared.NextDouble()) / 2, time, stopping);
        await Sweep.EveryAsync(interval, time, remove, error => Log.Failed(logger, error, interval), stopping);
    }

    private async Task RemoveAsync(CancellationToken ct)
    {
        var (requests, known) = await expired.RemoveAsync(ct);
        if (requests + known > 0)
            Log.Removed(logger, requests, known);
        await expired.RemoveCostsAsync(ct);
        await expired.RemoveAuditAsync(ct);
    }

    private async Task RemoveCancellationsAsync(CancellationToken ct)
    {
        if (await expired.RemoveCancellationsAsync(ct) is > 0 and var removed)
            Log.CancellationsRemoved(logger, removed);
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Information,
            "Past their retention and removed: {Requests} closed requests, {Known} ids of requests removed before"
        )]
        public static partial void Removed(ILogger logger, int requests, int known);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "What is past its retention could not be removed: {Error}; again in {Interval}"
        )]
        public static partial void Failed(ILogger logger, string error, TimeSpan interval);

        [LoggerMessage(
            3,
            LogLevel.Information,
            "Removed: {Count} cancellations whose commands never came, because of their age or their number"
        )]
        public static partial void CancellationsRemoved(ILogger logger, int count);
    }
}

public static class RetentionRegistration
{
    public static void AddRetention(this IServiceCollection services)
    {
        services.AddChecked<RetentionOptions>(RetentionOptions.Section);
        services.AddSingleton<ExpiredRows>();
        services.AddHostedService<RetentionService>();
    }
}
