namespace ImageWorker.Tests.ZpkSimulator;

/// <summary>Waits for what happens in the background.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>Returns once the condition holds; fails the test if it never does.</summary>
    public static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()));

    /// <inheritdoc cref="TrueAsync(Func{bool})"/>
    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Timeout);
        using var timer = new PeriodicTimer(Interval);
        while (!await condition())
            Assert.True(await timer.WaitForNextTickAsync(timeout.Token));
    }

    /// <summary>Returns once the task has ended; fails the test if it never does.</summary>
    public static Task EndsAsync(Task task) => task.WaitAsync(Timeout, TestContext.Current.CancellationToken);
}
