using ImageWorker.Hosting;
using ImageWorker.Storage;
using ImageWorker.Submission;
using MassTransit;

namespace ImageWorker.Engine;

/// <summary>
/// The worker's run: wait for the database, start the bus, work until told to stop. Then finish the calls under way,
/// and deliver their events.
/// </summary>
public sealed partial class WorkerService(
    Connections connections,
    DatabaseState database,
    DatabaseTimeline timeline,
    LateAcknowledgement acknowledgement,
    IBusControl bus,
    BrokerRoad broker,
    OutboxDelivery delivery,
    RequestTicker ticker,
    PendingCalls pendingCalls,
    CallRunner callRunner,
    CallPace pace,
    Turns turns,
    ILogger<WorkerService> logger
) : BackgroundService
{
    /// <summary>MassTransit itself waits half a minute for a connection to end.</summary>
    private static readonly TimeSpan BusPatience = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Let the other services start first, so that health is answered while this one still waits.
        await Task.Yield();

        if (connections.IsEmbedded)
            await database.MigrateWhenPossibleAsync(stoppingToken);
        await database.WaitUntilUsedAsync(timeline.LookAsync, stoppingToken);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var watching = connections.IsEmbedded
            ? Task.Delay(Timeout.Infinite, leaving.Token)
            : broker.WatchAsync(leaving.Token);
        await await Task.WhenAny(bus.StartAsync(stoppingToken), watching);
        Log.Working(logger, connections.ToString());

        using var ending = new CancellationTokenSource();
        var remembering = timeline.RunAsync(ending.Token);
        var acknowledging = acknowledgement.RunAsync(ending.Token);
        var ticking = ticker.RunAsync(leaving.Token);
        var delivering = delivery.RunAsync(ending.Token);
        var pacing = pace.RunAsync(ending.Token);
        var taking = turns.RunAsync(ending.Token);
        var working = callRunner.RunAsync();
        try
        {
            await Task.WhenAny(ticking, delivering, working, watching);
        }
        finally
        {
            Log.Stopping(logger);
            // Also where one of these has failed, so that the process ends.
            await leaving.CancelAsync();
            await StopBusAsync();
            pendingCalls.Complete();
            await working;
            await ending.CancelAsync();
        }
        try
        {
            await Task.WhenAll(ticking, delivering, pacing, taking, watching, remembering, acknowledging);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Log.Stopped(logger);
        }
    }

    /// <summary>A bus that does not recover may not stop either.</summary>
    private async Task StopBusAsync()
    {
        using var patience = new CancellationTokenSource(BusPatience);
        try
        {
            await bus.StopAsync(patience.Token);
        }
        catch (Exception exception)
        {
            Log.BusNotStopped(logger, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Working: {Connections}")]
        public static partial void Working(ILogger logger, string connections);

        [LoggerMessage(2, LogLevel.Warning, "The bus did not stop: {Error}")]
        public static partial void BusNotStopped(ILogger logger, string error);

        [LoggerMessage(3, LogLevel.Information, "Stopping: finishing what is under way")]
        public static partial void Stopping(ILogger logger);

        [LoggerMessage(4, LogLevel.Information, "Stopped")]
        public static partial void Stopped(ILogger logger);
    }
}
