namespace ImageWorker.Hosting;

/// <summary>Repeats a search, and goes on through outages.</summary>
public static class Sweep
{
    /// <summary>Sweeps at once and then every <paramref name="interval"/>, until it is stopped.</summary>
    /// <param name="interval">The time from one sweep to the next.</param>
    /// <param name="time">The clock.</param>
    /// <param name="sweep">One sweep.</param>
    /// <param name="failed">Told why a sweep failed: once for each outage, not for each sweep.</param>
    /// <param name="stopping">Ends the sweeps.</param>
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
