using System.Net;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;

namespace ImageWorker.IntegrationTests.Operations;

/// <summary>PgBouncer in transaction mode between the workers and PostgreSQL.</summary>
public sealed class PoolerTests(TestServers servers)
{
    private const string Postgres = "ConnectionStrings__Postgres";
    private const int Requests = 200;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_command_is_paid_and_closed_once_while_the_pooler_restarts_and_loses_its_sessions()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers, migrated: false);
        await using var pooler = ServerChoice.PgBouncer(worker.Settings[Postgres]!);
        await pooler.StartAsync();
        KeyValuePair<string, string?> pooled = new(Postgres, pooler.ConnectionString);
        await using var migration = WorkerProgram.Start(["migrate"], [pooled]);
        Assert.True(await migration.WaitForExitAsync() == 0, migration.Tail);
        await using var one = await worker.StartAsync(pooled);
        await using var other = await worker.StartAsync(pooled);

        var commands = await worker.SendManyAsync(Requests / 2, "[seconds 1]");
        await worker.SubmittedAsync(Requests / 8);
        await pooler.KillAsync();
        await pooler.StartAsync();
        commands = [.. commands, .. await worker.SendManyAsync(Requests / 2, "[seconds 1]")];
        await worker.SubmittedAsync(Requests * 5 / 8);
        await worker.QueryAsync(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """
        );

        foreach (var command in commands)
        {
            (await worker.ClosedOnceAsync(command)).As<ImagesReady>();
        }

        var totals = worker.Zpk.ReadLedger().Totals;
        Assert.Equal((Requests, 0), (totals.ImagesPaid, totals.RepeatedIds));
        await worker.NothingFaultedAsync();
        Assert.Equal([.. Enumerable.Repeat("on on 0 0", InstalledPgBouncer.Sessions)], await SessionsAsync(pooler));
    }

    [Fact]
    public async Task A_connection_string_that_does_not_suit_the_pooler_is_told_from_the_start()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var pooler = ServerChoice.PgBouncer(worker.Settings[Postgres]!);
        await pooler.StartAsync();

        await using var started = worker.Launch(new KeyValuePair<string, string?>(Postgres, pooler.Address));

        await started.Process.WaitForLineAsync(line =>
            line.Contains("Waiting: the database cannot be reached", StringComparison.Ordinal)
            && line.Contains("needs 'Max Auto Prepare=0'", StringComparison.Ordinal)
        );
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await started.GetAsync("/health/ready")).Status);
    }

    /// <summary>What another client finds in each of the pooler's sessions, all taken at once.</summary>
    private static async Task<IReadOnlyList<string>> SessionsAsync(InstalledPgBouncer pooler)
    {
        await using var client = NpgsqlDataSource.Create(pooler.ConnectionString);
        var taken = new List<NpgsqlConnection>();
        var found = new List<string>();
        try
        {
            for (var i = 0; i < InstalledPgBouncer.Sessions; i++)
            {
                var connection = await client.OpenConnectionAsync(Ct);
                taken.Add(connection);
                await using var command = new NpgsqlCommand(
                    """
                    BEGIN;
                    SELECT concat_ws(' ', current_setting('enable_seqscan'), current_setting('jit'),
                        current_setting('lock_timeout'), (SELECT count(*) FROM pg_prepared_statements))
                    """,
                    connection
                );
                found.Add((string)(await command.ExecuteScalarAsync(Ct))!);
            }
        }
        finally
        {
            foreach (var connection in taken)
            {
                await connection.DisposeAsync();
            }
        }

        return found;
    }
}
