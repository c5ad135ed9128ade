namespace ImageWorker.Hosting;

/// <summary>A search that is made again and again, and goes on through outages.</summary>
public static class Sweep
{
    /// <summary>Sweeps now and then every <paramref name="interval"/>, until it is stopped.</summary>
    /// <param name="interval">From one sweep to the next.</param>
    /// <param name="time">The clock.</param>
    /// <param name="sweep">One sweep.</param>
    /// <param name="failed">Told why a sweep failed: once an outage, not once a sweep.</param>
    /// <param name="stopping">Ends it.</param>
    public static async Task EveryAsync(
        TimeSpan interval,
        TimeProvider time,
        Func<CancellationToken, Task> sweep,
        Action<string> failed,
        CancellationToken stopping
    )
    {
        using var timer = new PeriodicTimer(interval, time);
        var said = new SaidOnce();
        do
        {
            try
            {
                await sweep(stopping);
                said.IsNew(null);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                if (said.IsNew(exception.GetBaseException().Message))
                    failed(exception.GetBaseException().Message);
            }
        } while (await timer.WaitForNextTickAsync(stopping));
    }
}
