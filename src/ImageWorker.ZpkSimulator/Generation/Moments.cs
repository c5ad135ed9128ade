namespace ImageWorker.ZpkSimulator.Generation;

/// <summary>Waiting for a moment on the server's clock.</summary>
internal static class Moments
{
    /// <summary>
    /// Returns once the moment has come, never before: timers count whole milliseconds and may run down a part of one
    /// too soon, and an image is not done until it is.
    /// </summary>
    public static async Task UntilAsync(this TimeProvider time, DateTimeOffset moment, CancellationToken ct)
    {
        while (moment - time.GetUtcNow() is { Ticks: > 0 } left)
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), time, ct);
    }
}
