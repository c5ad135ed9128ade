using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Storage;
using ImageWorker.Submission;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// Fires the requests' timers. Timers that this process set fire from memory when they come due. A regular search fires
/// those that nobody fired, because their process died or its work was lost.
/// </summary>
public sealed partial class RequestTicker(
    DueTimes dueTimes,
    Database database,
    RequestDoor door,
    PendingCalls calls,
    ZpkGate gate,
    CallPace pace,
    IOptions<DeliveryOptions> deliveryOptions,
    TimeProvider time,
    ILogger<RequestTicker> logger
) : IDisposable
{
    private readonly DeliveryOptions _options = deliveryOptions.Value;
    private readonly SemaphoreSlim _firing = new(deliveryOptions.Value.Concurrency);

    public Task RunAsync(CancellationToken stopping) => Task.WhenAll(FireDueAsync(stopping), SearchAsync(stopping));

    public void Dispose() => _firing.Dispose();

    private async Task FireDueAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            if (dueTimes.Take(time.GetUtcNow()) is var (requestId, version))
                await BeginTickAsync(requestId, version, stopping);
            else
                await WaitUntilDueAsync(stopping);
        }
    }

    private Task SearchAsync(CancellationToken stopping) =>
        Sweep.EveryAsync(
            _options.SweepInterval,
            time,
            FireAllForgottenAsync,
            error => Log.Failed(logger, error),
            stopping
        );

    private async Task FireAllForgottenAsync(CancellationToken stopping)
    {
        // What cannot be called now need not be found now: it would only be found again and again.
        while (calls.Waiting(paid: false).Count < _options.SweepBatch)
        {
            if (await FireForgottenAsync(stopping) < _options.SweepBatch)
                return;
            Log.MoreAreDue(logger, _options.SweepBatch);
        }
    }

    private async Task<int> FireForgottenAsync(CancellationToken stopping)
    {
        var now = time.GetUtcNow();
        // If a tick is lost, it comes again: the request stays due until it is saved.
        var ticks = await database.InAsync(db =>
            db.ClaimTicksAsync(now - _options.TickPatience, now + _options.Lease, _options.SweepBatch, stopping)
        );
        foreach (var tick in ticks)
            await BeginTickAsync(tick.Id, tick.Version, stopping);
        return ticks.Count;
    }

    private async Task BeginTickAsync(Guid requestId, int version, CancellationToken stopping)
    {
        await _firing.WaitAsync(stopping);
        _ = TickAsync(new(requestId, version) { HeldBackUntil = gate.HeldBackUntil ?? pace.ClosedUntil });
    }

    private async Task TickAsync(RequestTick tick)
    {
        try
        {
            await door.TellAsync(tick);
        }
        catch (Exception exception)
        {
            Log.TickFailed(logger, tick.RequestId, exception);
        }
        finally
        {
            _firing.Release();
        }
    }

    private async Task WaitUntilDueAsync(CancellationToken stopping)
    {
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var earlier = dueTimes.WaitForEarlierAsync(woken.Token);
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
