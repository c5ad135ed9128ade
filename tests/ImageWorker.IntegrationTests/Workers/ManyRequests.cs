using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>What tests of outages have in common: many requests, each to be paid and closed once.</summary>
internal static class ManyRequests
{
    /// <summary>Sends commands for one image each, whose prompts end with these markers.</summary>
    public static async Task<IReadOnlyList<GenerateImages>> SendManyAsync(
        this WorkerUnderTest worker,
        int count,
        string markers = ""
    )
    {
        var commands = Enumerable.Range(0, count).Select(n => WorkerUnderTest.Command($"fox {n} {markers}")).ToList();
        foreach (var command in commands)
        {
            await worker.Commands.SendAsync(command);
        }

        return commands;
    }

    /// <summary>Returns once ZPK has taken this many submissions.</summary>
    public static Task SubmittedAsync(this WorkerUnderTest worker, int count) =>
        Eventually.HoldsAsync(() => worker.Zpk.ReadLedger().Totals.Submissions >= count);

    /// <summary>
    /// Each command is asked again, since its event may have come while no subscriber was there; what it says then, and
    /// what it said before, is the same under the same id.
    /// </summary>
    public static async Task EachPaidAndClosedOnceAsync(
        this WorkerUnderTest worker,
        IReadOnlyList<GenerateImages> commands
    )
    {
        foreach (var command in commands)
        {
            (await worker.CloseAsync(command)).As<ImagesReady>();
        }

        var totals = worker.Zpk.ReadLedger().Totals;
        Assert.Equal((commands.Count, commands.Count, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
    }

    /// <summary>The same where every event came to the subscriber, so that nothing is asked again; nothing was put aside.</summary>
    public static async Task AllPaidAndClosedOnceAsync(
        this WorkerUnderTest worker,
        IReadOnlyList<GenerateImages> commands
    )
    {
        foreach (var command in commands)
        {
            (await worker.ClosedOnceAsync(command)).As<ImagesReady>();
        }

        Assert.All(
            commands.Select(command => worker.PaidFor(command).Totals),
            totals => Assert.Equal((1, 1, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds))
        );
        await worker.NothingFaultedAsync();
    }

    /// <summary>No command was given up: its error queue, made by the first fault, is empty or not there.</summary>
    public static async Task NothingFaultedAsync(this WorkerUnderTest worker)
    {
        var first = await worker.Commands.GetAsync("generate-images_error");
        Assert.True(
            first is null,
            $"{first?.Header("MT-Fault-ExceptionType")}: {first?.Reason()}\n{first?.Header("MT-Fault-StackTrace")}"
        );
    }
}
