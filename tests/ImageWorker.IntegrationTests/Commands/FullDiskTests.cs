using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Commands;

/// <summary>The embedded worker's file on a disk without room.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task A_full_disk_is_said_loses_and_costs_nothing_and_work_goes_on_once_there_is_room()
    {
        await using var disk = await SmallDisk.MountAsync();
        await using var zpk = await WorkerUnderTest.StartZpkAsync();
        var settings = WorkerUnderTest.QuickSettings(zpk);
        await using var worker = WorkerProgram.StartWorker(settings, disk.FullName);
        await worker.ReadyAsync();
        await using var running = Send("a red fox [seconds 3]");
        await Eventually.HoldsAsync(() => zpk.ReadLedger().Totals.Submissions == 1);

        disk.Fill();
        await using var refused = Send("a blue fox");
        Assert.Equal(1, await refused.WaitForExitAsync());
        Assert.Contains("disk is full", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
        await worker.Process.WaitForLineAsync(line => line.Contains("disk is full", StringComparison.Ordinal));
        Assert.False(worker.Process.HasExited);
        disk.Free();

        Assert.Single((await ClosingLine.ReadyAsync(running)).Images);
        await using var again = Send("a blue fox");
        Assert.Single((await ClosingLine.ReadyAsync(again)).Images);
        var totals = zpk.ReadLedger().Totals;
        Assert.Equal((2, 2, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));

        ChildProcess Send(string prompt) => WorkerProgram.Start(["send", prompt], settings, disk.FullName);
    }
}
