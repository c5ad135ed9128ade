using System.Net;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;

namespace ImageWorker.IntegrationTests.Operations;

public sealed class StartTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_the_schema_the_worker_lives_says_what_to_do_and_starts_once_it_is_there()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers, migrated: false);
        await using var started = worker.Launch();
        await started.Process.WaitForLineAsync(line =>
            line.Contains("run 'ImageWorker migrate'", StringComparison.Ordinal)
        );

        Assert.Equal(HttpStatusCode.OK, (await started.GetAsync("/health/live")).Status);
        var (status, body) = await started.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("ImageWorker migrate", body, StringComparison.Ordinal);

        await worker.MigrateAsync();

        await started.ReadyAsync();
        var command = WorkerUnderTest.Command("a red fox");
        (await worker.CloseAsync(command)).As<ImagesReady>();
        Assert.Equal(1, worker.PaidFor(command).Totals.ImagesPaid);
    }

    [Fact]
    public async Task Without_the_session_of_its_first_look_the_worker_starts_with_another()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var locker = new NpgsqlConnection(worker.Settings["ConnectionStrings__Postgres"]);
        await locker.OpenAsync(Ct);
        await using var transaction = await locker.BeginTransactionAsync(Ct);
        await using var @lock = new NpgsqlCommand("LOCK TABLE database_timeline", locker, transaction);
        await @lock.ExecuteNonQueryAsync(Ct);
        await using var started = worker.Launch();

        await Eventually.PassesAsync(async () =>
            Assert.Equal(
                1L,
                await worker.QueryAsync(
                    """
                    SELECT count(pg_terminate_backend(pid)) FROM pg_locks
                    WHERE NOT granted AND relation = 'database_timeline'::regclass
                    """
                )
            )
        );
        await started.Process.WaitForLineAsync(line => line.Contains("57P01", StringComparison.Ordinal));
        await transaction.RollbackAsync(Ct);

        await started.ReadyAsync();
        (await worker.CloseAsync(WorkerUnderTest.Command("a red fox"))).As<ImagesReady>();
    }

    [Fact]
    public async Task A_stop_lets_the_call_under_way_end_and_the_next_start_goes_on()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var command = WorkerUnderTest.Command("a red fox [latency generate 4]");
        await using (
            var stopped = await worker.StartAsync(
                new("Zpk__GenerateTimeout", "00:00:20"),
                new("Requests__ClosingGrace", "00:01:00")
            )
        )
        {
            await worker.Commands.SendAsync(command);
            await Eventually.HoldsAsync(() => worker.Zpk.ReadLedger().Server.GenerateCalls == 1);

            stopped.Process.Terminate();

            Assert.Equal(0, await stopped.Process.WaitForExitAsync());
            Assert.Equal(1, worker.PaidFor(command).Totals.ImagesPaid);
        }

        await using var again = await worker.StartAsync();

        (await worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.Equal(1, worker.Zpk.ReadLedger().Server.GenerateCalls);
    }
}
