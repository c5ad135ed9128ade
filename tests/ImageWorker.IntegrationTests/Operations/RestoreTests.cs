using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Operations;

public sealed class RestoreTests(TestServers servers)
{
    [Fact]
    public async Task After_a_restore_and_recover_what_the_backup_has_forgotten_is_adopted_and_not_paid_again()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var command = WorkerUnderTest.Command("a red fox");
        worker.Zpk.SetFaults("http-429 generate 1 always");
        await using (await worker.StartAsync())
        {
            await worker.Commands.SendAsync(command);
            await Eventually.HoldsAsync(() => worker.Zpk.ReadLedger().Server.GenerateCalls > 0);
        }
        await worker.QueryAsync("CREATE TABLE backup AS SELECT * FROM requests");
        worker.Zpk.SetFaults();
        await using (await worker.StartAsync())
            await worker.ClosedOnceAsync(command);

        await worker.QueryAsync(
            "DELETE FROM submissions; DELETE FROM requests; INSERT INTO requests SELECT * FROM backup"
        );
        await using (var recover = WorkerProgram.Start(["recover", "--since", "1h"], worker.Settings))
            Assert.True(await recover.WaitForExitAsync() == 0, recover.Tail);
        await using var restored = await worker.StartAsync();

        await Eventually.PassesAsync(async () =>
            Assert.Equal("Closed", await worker.QueryAsync("SELECT state FROM requests"))
        );
        var totals = worker.PaidFor(command).Totals;
        Assert.Equal((1, 1, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
    }
}
