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
    IBusControl bus,
    OutboxDelivery delivery,
    RequestTicker ticker,
    PendingCalls pendingCalls,
    CallRunner callRunner,
    CallPace pace,
    ILogger<WorkerService> logger
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Let the other services start first, so that health is answered while this one still waits.
        await Task.Yield();

        if (connections.IsEmbedded)
            await database.MigrateWhenPossibleAsync(stoppingToken);
        await database.WaitUntilReadyAsync(stoppingToken);
        await StartBusAsync(stoppingToken);
        Log.Working(logger, connections.ToString());

        using var ending = new CancellationTokenSource();
        var ticking = ticker.RunAsync(stoppingToken);
        var delivering = delivery.RunAsync(ending.Token);
        var pacing = pace.RunAsync(ending.Token);
        var working = callRunner.RunAsync();
        try
        {
            await Task.WhenAny(ticking, delivering, working, Task.Delay(Timeout.Infinite, stoppingToken));
        }
        finally
        {
            Log.Stopping(logger);
            await bus.StopAsync(CancellationToken.None);
            pendingCalls.Complete();
            await working;
            await ending.CancelAsync();
        }
        try
        {
            await Task.WhenAll(ticking, delivering, pacing);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Log.Stopped(logger);
        }
    }

    private async Task StartBusAsync(CancellationToken stopping)
    {
        var starting = bus.StartAsync(stopping);
        if (await Task.WhenAny(starting, Task.Delay(TimeSpan.FromSeconds(5), stopping)) != starting)
            Log.WaitingForBroker(logger, bus.Address.Host);
        await starting;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Working: {Connections}")]
        public static partial void Working(ILogger logger, string connections);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "Waiting: RabbitMQ at {Host} cannot be reached; it is tried again until it can"
        )]
        public static partial void WaitingForBroker(ILogger logger, string host);

        [LoggerMessage(3, LogLevel.Information, "Stopping: finishing what is under way")]
        public static partial void Stopping(ILogger logger);

        [LoggerMessage(4, LogLevel.Information, "Stopped")]
        public static partial void Stopped(ILogger logger);
    }
}
