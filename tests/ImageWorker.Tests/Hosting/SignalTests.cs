using ImageWorker.Hosting;

namespace ImageWorker.Tests.Hosting;

public sealed class SignalTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_threads_set_it_at_once_and_the_one_that_waits_is_woken()
    {
        using var signal = new Signal();
        var setting = Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(_ =>
                    Task.Run(
                        () =>
                        {
                            for (var time = 0; time < 200_000; time++)
                                signal.Set();
                        },
                        Ct
                    )
                )
        );

        while (!setting.IsCompleted)
            await signal.WaitAsync(TimeSpan.FromMilliseconds(1), Ct);

        await setting;
        signal.Set();
        await signal.WaitAsync(Ct);
    }

    [Fact]
    public async Task Set_twice_it_wakes_once()
    {
        using var signal = new Signal();

        signal.Set();
        signal.Set();

        Assert.True(await signal.WaitAsync(TimeSpan.Zero, Ct));
        Assert.False(await signal.WaitAsync(TimeSpan.Zero, Ct));
    }
}
