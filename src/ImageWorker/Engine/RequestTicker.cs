using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Storage;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// Fires the requests' timers: those this process set from memory when they are due, and by a regular search those
/// that nobody fired, because their process is gone or what it began got lost.
/// </summary>
public sealed partial class RequestTicker(
    DueTimes dueTimes,
    Database database,
    RequestDoor door,
    IOptions<DeliveryOptions> deliveryOptions,
    TimeProvider time,
    ILogger<RequestTicker> logger
) : IDisposable
{
    private readonly DeliveryOptions options = deliveryOptions.Value;
    private readonly SemaphoreSlim firing = new(deliveryOptions.Value.Concurrency);

    public Task Run(CancellationToken stopping) => Task.WhenAll(FireDue(stopping), Search(stopping));

    public void Dispose() => firing.Dispose();

    private async Task FireDue(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            if (dueTimes.Take(time.GetUtcNow()) is var (requestId, version))
                await BeginTick(new(requestId, version), stopping);
            else
                await WaitUntilDue(stopping);
        }
    }

    private Task Search(CancellationToken stopping) =>
        Sweep.Every(options.SweepInterval, time, FireAllForgotten, error => Log.Failed(logger, error), stopping);

    private async Task FireAllForgotten(CancellationToken stopping)
    {
        while (await FireForgotten(stopping) == options.SweepBatch)
            Log.MoreAreDue(logger, options.SweepBatch);
    }

    private async Task<int> FireForgotten(CancellationToken stopping)
    {
        var now = time.GetUtcNow();
        // A tick that gets lost comes again: the request stays due until it is saved.
        var ticks = await database.In(db =>
            db.ClaimTicks(now - options.TickPatience, now + options.Lease, options.SweepBatch, stopping)
        );
        foreach (var tick in ticks)
            await BeginTick(new(tick.Id, tick.Version), stopping);
        return ticks.Count;
    }

    private async Task BeginTick(RequestTick tick, CancellationToken stopping)
    {
        await firing.WaitAsync(stopping);
        _ = Tick(tick);
    }

    private async Task Tick(RequestTick tick)
    {
        try
        {
            await door.Tell(tick);
        }
        catch (Exception exception)
        {
            Log.TickFailed(logger, tick.RequestId, exception);
        }
        finally
        {
            firing.Release();
        }
    }

    private async Task WaitUntilDue(CancellationToken stopping)
    {
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var earlier = dueTimes.WaitForEarlier(woken.Token);
        var wait = dueTimes.WaitFrom(time.GetUtcNow());
        if (wait != TimeSpan.Zero)
            await Task.WhenAny(Task.Delay(wait, time, woken.Token), earlier);
        await woken.CancelAsync();
        stopping.ThrowIfCancellationRequested();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Fired {Count} forgotten timers, there may be more")]
        public static partial void MoreAreDue(ILogger logger, int count);

        [LoggerMessage(2, LogLevel.Warning, "Forgotten timers could not be searched: {Error}; it is tried again")]
        public static partial void Failed(ILogger logger, string error);

        [LoggerMessage(3, LogLevel.Error, "Request {RequestId}: its timer failed; it fires again")]
        public static partial void TickFailed(ILogger logger, Guid requestId, Exception exception);
    }
}
