using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit.Sdk;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>Waits for what must come true by itself, looking every 20 ms.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>60 s: a fault must show, a busy machine must not.</summary>
    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Fails with the condition's own text when it stays false.</summary>
    public static Task HoldsAsync(
        Func<Task<bool>> condition,
        TimeSpan? timeout = null,
        [CallerArgumentExpression(nameof(condition))] string text = ""
    ) => PassesAsync(async () => Assert.True(await condition(), $"Still false: {text}"), timeout);

    /// <inheritdoc cref="HoldsAsync(Func{Task{bool}}, TimeSpan?, string)"/>
    public static Task HoldsAsync(
        Func<bool> condition,
        TimeSpan? timeout = null,
        [CallerArgumentExpression(nameof(condition))] string text = ""
    ) => HoldsAsync(() => Task.FromResult(condition()), timeout, text);

    /// <summary>Repeats the assertions while they throw anything, as a server that is away makes them do; when the time is
    /// over, the last failure is thrown with the time waited.</summary>
    public static async Task PassesAsync(Func<Task> assertions, TimeSpan? timeout = null)
    {
        var limit = timeout ?? DefaultTimeout;
        var waiting = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await assertions();
                return;
            }
            catch (Exception failure) when (waiting.Elapsed >= limit)
            {
                throw new XunitException($"Not within {limit.TotalSeconds:0.#} s. {failure.Message}", failure);
            }
            catch (Exception)
            {
                await PauseAsync();
            }
        }
    }

    internal static Task PauseAsync() => Task.Delay(Pause, TestContext.Current.CancellationToken);
}
