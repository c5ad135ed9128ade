using System.Text.RegularExpressions;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Deploy;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Operations;

public sealed partial class RestoreTests(TestServers servers)
{
    [Fact]
    public async Task The_runbooks_statement_keeps_a_restored_worker_from_paying_again_for_what_its_backup_has_forgotten()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var command = WorkerUnderTest.Command("a red fox");
        worker.Zpk.SetFaults("http-429 generate 1 always");
        await using (await worker.StartAsync())
        {
            await worker.Commands.SendAsync(command);
            await Eventually.HoldsAsync(() => worker.Zpk.ReadLedger().Server.GenerateCalls > 0);
        }

        // The backup is of this moment; that the images were submitted and paid for right after it is not in it.
        worker.Zpk.SetFaults();
        await worker.QueryAsync(Statement());
        await using var restored = await worker.StartAsync();

        var failed = (await worker.ClosedOnceAsync(command)).As<ImagesFailed>();
        Assert.Equal(FailureReason.DeadlineExceeded, failed.Reason);
        Assert.Equal(0, worker.PaidFor(command).Totals.Submissions);
    }

    private static string Statement() =>
        Sql().Match(File.ReadAllText(Checkout.At("docs", "operations.md"))).Groups["sql"].Value;

    [GeneratedRegex("```sql\n(?<sql>[^`]+)```", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sql();
}
