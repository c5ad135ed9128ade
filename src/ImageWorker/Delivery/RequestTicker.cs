using ImageWorker.Requests;
using ImageWorker.Storage;
using MassTransit.Mediator;
using Microsoft.Extensions.Options;

namespace ImageWorker.Delivery;

/// <summary>
/// Fires the requests' timers: those this process set from memory when they are due, and by a regular search those
/// that nobody fired, because their process is gone or what it began got lost.
/// </summary>
public sealed partial class RequestTicker(
    DueTimes dueTimes,
    IServiceScopeFactory scopes,
    IMediator mediator,
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

    private async Task Search(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(options.SweepInterval, time);
        string? said = null;
        do
        {
            try
            {
                while (await FireForgotten(stopping) == options.SweepBatch)
                    Log.MoreAreDue(logger, options.SweepBatch);
                said = null;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Once an outage, not once a search.
                if (said != (said = exception.GetBaseException().Message))
                    Log.Failed(logger, said);
            }
        } while (await timer.WaitForNextTickAsync(stopping));
    }

    private async Task<int> FireForgotten(CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WorkerContext>();
        var now = time.GetUtcNow();
        // A tick that gets lost comes again: the request stays due until it is saved.
        var ticks = await db.ClaimTicks(now - options.TickPatience, now + options.Lease, options.SweepBatch, stopping);
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
            await mediator.Send(tick);
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
