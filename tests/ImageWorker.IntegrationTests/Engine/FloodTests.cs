using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Engine;

/// <summary>More commands than can be stored at once, and no limit of ZPK's that would slow the calls.</summary>
public sealed class FloodTests(TestServers servers)
{
    private const int Flood = 1_500;

    [Fact]
    public async Task It_is_stored_faster_than_it_is_called_so_what_is_urgent_at_its_end_is_called_before_much_of_it()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        // Its queues stay.
        await using (await worker.StartAsync()) { }
        await Task.WhenAll(
            Enumerable
                .Range(0, Flood)
                .Select(n => worker.Commands.SendAsync(WorkerUnderTest.Command($"fox {n} [seconds 0.1]")))
        );
        var urgent = WorkerUnderTest.Command("a red fox") with { Priority = "high" };
        await worker.Commands.SendAsync(urgent);

        await using var started = await worker.StartAsync();
        await worker.SubmittedAsync(Flood + 1);

        var call = Assert.Single(worker.PaidFor(urgent).Submissions).AcceptedAt;
        var before = worker.Zpk.ReadLedger().Submissions.Count(submission => submission.AcceptedAt < call);
        TestContext.Current.TestOutputHelper!.WriteLine($"{before} calls before it");
        Assert.InRange(before, 0, Flood * 2 / 3);
    }
}
