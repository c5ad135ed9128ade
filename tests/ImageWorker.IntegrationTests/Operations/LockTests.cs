using System.Net;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;

namespace ImageWorker.IntegrationTests.Operations;

/// <summary>Somebody began a transaction in the worker's database, and forgot it.</summary>
public sealed class LockTests(TestServers servers)
{
    private const int Locked = 6;
    private const int Others = 40;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_the_requests_whose_rows_are_locked_wait_and_the_log_says_so_once()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        // More requests are locked than this worker does at once.
        await using var started = await worker.StartAsync(
            new KeyValuePair<string, string?>("Submission__Concurrency", "4"),
            new KeyValuePair<string, string?>("Submission__CheckConcurrency", "4"),
            new KeyValuePair<string, string?>("Delivery__Concurrency", "4")
        );
        var held = await worker.SendManyAsync(Locked, "[seconds 3]");
        await worker.SubmittedAsync(Locked);
        var forgotten = new NpgsqlConnection(worker.Settings["ConnectionStrings__Postgres"] + ";Pooling=false");
        await using (forgotten)
        {
            await forgotten.OpenAsync(Ct);
            await using var @lock = new NpgsqlCommand("BEGIN; SELECT FROM requests FOR UPDATE", forgotten);
            await @lock.ExecuteNonQueryAsync(Ct);

            var others = await worker.SendManyAsync(Others);

            foreach (var command in others)
            {
                (await worker.ClosedOnceAsync(command)).As<ImagesReady>();
            }

            foreach (var command in held)
            {
                var line = await started.Process.WaitForLineAsync(line => Says(line, command));
                Assert.Contains($"(PostgreSQL process {forgotten.ProcessID})", line, StringComparison.Ordinal);
                Assert.Empty(worker.Events.ClosingsOf(command.RequestId));
            }

            Assert.Equal(HttpStatusCode.OK, (await started.GetAsync("/health/ready")).Status);
        }

        foreach (var command in held)
        {
            (await worker.ClosedOnceAsync(command)).As<ImagesReady>();
            Assert.Single(started.Process.Lines, line => Says(line, command));
        }

        var totals = worker.Zpk.ReadLedger().Totals;
        Assert.Equal((Locked + Others, 0), (totals.ImagesPaid, totals.RepeatedIds));
        await worker.NothingFaultedAsync();
    }

    private static bool Says(string line, GenerateImages command) =>
        line.Contains($"Request {command.RequestId} waits: for ", StringComparison.Ordinal);
}
