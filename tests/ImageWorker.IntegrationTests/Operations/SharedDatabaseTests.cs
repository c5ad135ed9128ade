using System.Diagnostics;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;

namespace ImageWorker.IntegrationTests.Operations;

/// <summary>A database that others use too, and that runs full.</summary>
public sealed class SharedDatabaseTests(TestServers servers)
{
    private const string Postgres = "ConnectionStrings__Postgres";
    private const int Requests = 100;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Sessions_that_are_ended_twice_a_second_cost_nothing_but_time()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var one = await worker.StartAsync();
        await using var other = await worker.StartAsync();
        using var enough = new CancellationTokenSource();

        var ending = EndSessionsAsync(worker, enough.Token);
        var commands = await worker.SendManyAsync(Requests, "[seconds 1]");
        await worker.SubmittedAsync(Requests / 2);
        commands = [.. commands, .. await worker.SendManyAsync(Requests, "[seconds 1]")];
        await worker.AllPaidAndClosedOnceAsync(commands);
        await enough.CancelAsync();

        Assert.InRange(await ending, 5, int.MaxValue);
    }

    [Fact(Explicit = true)]
    public async Task A_forgotten_snapshot_and_a_dump_hold_up_nothing_and_what_grows_is_freed_afterwards()
    {
        Assert.SkipUnless(servers.Postgres is InstalledPostgres, "The server need not be as old as pg_dump here.");
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync();
        var forgotten = new NpgsqlConnection(worker.Settings[Postgres] + ";Pooling=false");
        await using (forgotten)
        {
            await forgotten.OpenAsync(Ct);
            await using var begin = new NpgsqlCommand(
                "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM requests",
                forgotten
            );
            await begin.ExecuteNonQueryAsync(Ct);

            var commands = await worker.SendManyAsync(Requests, "[seconds 1]");
            await using var dump = Dump(worker.Settings[Postgres]!);
            await worker.AllPaidAndClosedOnceAsync(commands);

            Assert.True(await dump.WaitForExitAsync() == 0, dump.Tail);
            Assert.InRange(await DeadAfterVacuumAsync(worker), Requests, 20 * Requests);
        }

        await Eventually.HoldsAsync(async () => await DeadAfterVacuumAsync(worker) == 0);
    }

    [Fact(Explicit = true)]
    public async Task While_the_databases_disk_is_full_commands_wait_and_none_is_lost_or_paid_twice()
    {
        Assert.SkipUnless(servers.Postgres is InstalledPostgres, "The server's disk is not ours to fill.");
        await using var disk = await SmallDisk.MountAsync();
        await using var own = ChildProcess.Start(new ProcessStartInfo("chown", ["postgres", disk.FullName]));
        Assert.Equal(0, await own.WaitForExitAsync());
        await using var worker = await WorkerUnderTest.CreateAsync(servers, migrated: false);
        var name = $"small_{Guid.NewGuid():n}";
        await worker.QueryAsync($"CREATE TABLESPACE {name} LOCATION '{disk.FullName}'");
        await using (var admin = NpgsqlDataSource.Create(servers.PostgresConnectionString))
        {
            var database = new NpgsqlConnectionStringBuilder(worker.Settings[Postgres]).Database;
            await admin.RunAsync($"ALTER DATABASE \"{database}\" SET default_tablespace = {name}");
        }

        await worker.MigrateAsync();
        await using var started = await worker.StartAsync();
        (await worker.CloseAsync(WorkerUnderTest.Command("a first fox"))).As<ImagesReady>();

        disk.Fill();
        var commands = await worker.SendManyAsync(Requests, $"{new string('x', 3000)} [seconds 1]");
        await started.Process.WaitForLineAsync(line =>
            line.Contains("No space left on device", StringComparison.Ordinal)
        );
        disk.Free();

        await worker.AllPaidAndClosedOnceAsync(commands);
    }

    [Fact(Explicit = true)]
    public async Task When_the_disk_of_the_databases_log_was_full_its_next_start_finds_nothing_lost_or_paid_twice()
    {
        Assert.SkipUnless(InstalledPostgres.IsInstalled, "The server's disk is not ours to fill.");
        await using var disk = await SmallDisk.MountAsync(megabytes: 100);
        await using var postgres = new InstalledPostgres(Path.Combine(disk.FullName, "log"));
        await postgres.StartAsync();
        await using var worker = await WorkerUnderTest.CreateAsync(servers, postgres: postgres.ConnectionString);
        await using var started = await worker.StartAsync();
        (await worker.CloseAsync(WorkerUnderTest.Command("a first fox"))).As<ImagesReady>();

        disk.Fill();
        var commands = new List<GenerateImages>();
        // Until the files that there are already are full too.
        while (!started.Process.Lines.Any(MissesTheDatabase) && commands.Count < 50 * Requests)
            commands.AddRange(await worker.SendManyAsync(Requests));
        await started.Process.WaitForLineAsync(MissesTheDatabase);
        disk.Free();
        // It ends where its own restart found no room either.
        await Eventually.HoldsAsync(async () =>
            postgres.HasEnded || await Databases.AnswersAsync(postgres.ConnectionString)
        );
        if (postgres.HasEnded)
            await postgres.StartAsync();

        await worker.AllPaidAndClosedOnceAsync(commands);
    }

    private static bool MissesTheDatabase(string line) =>
        line.Contains("cannot be reached", StringComparison.Ordinal)
        || line.Contains("No space left on device", StringComparison.Ordinal)
        || line.Contains("57P", StringComparison.Ordinal);

    private static async Task<int> EndSessionsAsync(WorkerUnderTest worker, CancellationToken enough)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.5), TimeProvider.System);
        var ended = 0;
        while (!enough.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(Ct);
            ended += (int)
                (long)
                    (
                        await worker.QueryAsync(
                            """
                            SELECT count(pg_terminate_backend(pid)) FROM (
                                SELECT pid FROM pg_stat_activity
                                WHERE datname = current_database() AND pid <> pg_backend_pid()
                                ORDER BY random() LIMIT 1) AS victim
                            """
                        )
                    )!;
        }

        return ended;
    }

    private static async Task<int> DeadAfterVacuumAsync(WorkerUnderTest worker)
    {
        await worker.QueryAsync("CREATE EXTENSION IF NOT EXISTS pgstattuple");
        await worker.QueryAsync("VACUUM requests");
        return (int)(long)(await worker.QueryAsync("SELECT dead_tuple_count FROM pgstattuple('requests')"))!;
    }

    private static ChildProcess Dump(string postgres)
    {
        var settings = new NpgsqlConnectionStringBuilder(postgres);
        var dump = new ProcessStartInfo(
            "pg_dump",
            [
                $"--host={settings.Host}",
                $"--port={settings.Port}",
                $"--username={settings.Username}",
                "--file=/dev/null",
                settings.Database!,
            ]
        );
        dump.Environment["PGPASSWORD"] = settings.Password;
        return ChildProcess.Start(dump);
    }
}
