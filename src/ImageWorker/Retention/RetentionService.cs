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
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A random wait: replicas that start together do not search together, and none searches while it starts.
        await Task.Delay(options.Value.Interval * Random.Shared.NextDouble(), time, stoppingToken);
        await Sweep.EveryAsync(
            options.Value.Interval,
            time,
            RemoveAsync,
            error => Log.Failed(logger, error, options.Value.Interval),
            stoppingToken
        );
    }

    private async Task RemoveAsync(CancellationToken ct)
    {
        var (requests, known) = await expired.RemoveAsync(ct);
        if (requests + known > 0)
            Log.Removed(logger, requests, known);
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
