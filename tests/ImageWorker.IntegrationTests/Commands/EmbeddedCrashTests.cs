using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Commands;

/// <summary>The worker with nothing but a folder, and killed.</summary>
public sealed class EmbeddedCrashTests : EmbeddedWorker
{
    // The commits and deliveries are counted as in CrashTests; the command itself is delivered from the file first.
    [Theory]
    [InlineData("BeforeCommit")]
    [InlineData("AfterCommit")]
    [InlineData("AfterCall")]
    [InlineData("BeforeCommit:3")]
    [InlineData("AfterCommit:2")]
    [InlineData("AfterDelivery")]
    public async Task A_command_that_the_worker_died_in_is_paid_once_and_closed(string where)
    {
        await using var dying = Run(where);
        await dying.ReadyAsync();
        await using var send = await SendAsync();
        Assert.Equal(WorkerUnderTest.KilledBySignal9, await dying.Process.WaitForExitAsync());

        await using var again = Run();

        var ready = await ClosingLine.ReadyAsync(send);
        Assert.Equal(1, Assert.Single(ready.Images).Attempts);
        Assert.Equal(0.038m, ready.Cost.Total);
        Assert.Equal((1, 1, 0), (Paid.Submissions, Paid.ImagesPaid, Paid.RepeatedIds));
    }
}
