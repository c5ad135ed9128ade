using System.Globalization;
using System.Net;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;

namespace ImageWorker.IntegrationTests.Operations;

[Collection(nameof(ServerOutages))]
public sealed class DatabaseOutageTests(RestartableServers servers)
{
    private const string Password = "password";
    private const int Requests = 10;

    [Fact]
    public async Task While_the_database_is_stopped_the_worker_lives_is_not_ready_and_does_not_spin()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync();
        var commands = await worker.SendManyAsync(Requests, "[seconds 1]");
        await worker.SubmittedAsync(Requests / 2);

        await servers.Postgres.StopAsync();
        await Eventually.PassesAsync(async () =>
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await started.GetAsync("/health/ready")).Status)
        );
        Assert.Equal(HttpStatusCode.OK, (await started.GetAsync("/health/live")).Status);
        var late = WorkerUnderTest.Command("late fox");
        await worker.Commands.SendAsync(late);
        var said = started.Process.Lines.Count;
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        // Two searches ten times a second tell of it; a loop without a pause would tell thousands of times.
        Assert.InRange(started.Process.Lines.Count - said, 0, 300);
        await servers.Postgres.StartAsync();

        await started.ReadyAsync();
        await worker.EachPaidAndClosedOnceAsync([.. commands, late]);
        await worker.NothingFaultedAsync();
    }

    [Fact]
    public async Task With_too_few_connections_messages_wait_for_one()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var role = $"few_{Guid.NewGuid():n}";
        await worker.QueryAsync(
            $"""
            CREATE ROLE {role} LOGIN PASSWORD '{Password}' CONNECTION LIMIT 4;
            GRANT ALL ON SCHEMA public TO {role};
            GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};
            """
        );
        var few = new NpgsqlConnectionStringBuilder(worker.Settings["ConnectionStrings__Postgres"])
        {
            Username = role,
            Password = Password,
        };
        await using var started = await worker.StartAsync(
            new KeyValuePair<string, string?>("ConnectionStrings__Postgres", few.ConnectionString)
        );

        var commands = await worker.SendManyAsync(Requests);

        await worker.EachPaidAndClosedOnceAsync(commands);
        await worker.NothingFaultedAsync();
        // It was put to the test: more were asked for than there are.
        await Assert.ThrowsAsync<PostgresException>(() => OpenAllAsync(few.ConnectionString, 5));
    }

    [Theory]
    [InlineData("28000", "refuses the login", "ALTER ROLE {0} NOLOGIN", "ALTER ROLE {0} LOGIN")]
    [InlineData(
        "25006",
        "read-only",
        "ALTER ROLE {0} SET default_transaction_read_only = on",
        "ALTER ROLE {0} RESET default_transaction_read_only"
    )]
    [InlineData(
        "42501",
        "read-only",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {0}",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO {0}"
    )]
    public async Task What_somebody_has_to_mend_about_the_database_is_waited_for(
        string state,
        string problem,
        string spoil,
        string mend
    )
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var role = $"own_{Guid.NewGuid():n}";
        await worker.QueryAsync(
            $"""
            CREATE ROLE {role} LOGIN PASSWORD '{Password}';
            GRANT ALL ON SCHEMA public TO {role};
            GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};
            """
        );
        var own = new NpgsqlConnectionStringBuilder(worker.Settings["ConnectionStrings__Postgres"])
        {
            Username = role,
            Password = Password,
        };
        await using var started = await worker.StartAsync(
            new KeyValuePair<string, string?>("ConnectionStrings__Postgres", own.ConnectionString),
            new KeyValuePair<string, string?>("Logging__LogLevel__ImageWorker.Storage", "Debug"),
            new KeyValuePair<string, string?>("Operations__Key", "a-key-of-some-length")
        );

        await ChangeAsync(spoil);
        var commands = await worker.SendManyAsync(Requests);
        await Eventually.HoldsAsync(() =>
            started.Process.Lines.Any(line =>
                line.Contains("A step runs again", StringComparison.Ordinal)
                && line.Contains(state, StringComparison.Ordinal)
            )
        );
        await Eventually.PassesAsync(async () =>
        {
            var (status, body) = await started.GetAsync("/health/ready");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.Contains($"\"problem\":\"{problem}\"", body, StringComparison.Ordinal);
            // It is told to anybody.
            Assert.DoesNotContain(role, body, StringComparison.Ordinal);
        });
        await ChangeAsync(mend);

        await worker.EachPaidAndClosedOnceAsync(commands);
        await worker.NothingFaultedAsync();

        // Connections that are open already keep some of what they were opened with.
        Task ChangeAsync(string statement) =>
            worker.QueryAsync(
                $"""
                {string.Format(CultureInfo.InvariantCulture, statement, role)};
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'
                """
            );
    }

    [Fact]
    public async Task Statements_that_take_too_long_are_tried_again()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var impatient = new NpgsqlConnectionStringBuilder(worker.Settings["ConnectionStrings__Postgres"])
        {
            CommandTimeout = 1,
        };
        await using var started = await worker.StartAsync(
            new KeyValuePair<string, string?>("ConnectionStrings__Postgres", impatient.ConnectionString)
        );
        await using (var holder = await OpenAsync(worker.Settings["ConnectionStrings__Postgres"]!))
        {
            await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await ExecuteAsync(holder, "LOCK TABLE requests, submissions IN ACCESS EXCLUSIVE MODE");
            var before = await RollbacksAsync(worker);
            await worker.SendManyAsync(1);
            await Eventually.PassesAsync(async () => Assert.InRange(await RollbacksAsync(worker) - before, 3, 1000));
            Assert.Equal(HttpStatusCode.OK, (await started.GetAsync("/health/live")).Status);
        }

        var commands = await worker.SendManyAsync(Requests);
        foreach (var command in commands)
        {
            (await worker.ClosedOnceAsync(command)).As<ImagesReady>();
        }

        await Eventually.HoldsAsync(() => worker.Zpk.ReadLedger().Totals.ImagesPaid == Requests + 1);
        Assert.Equal(0, worker.Zpk.ReadLedger().Totals.RepeatedIds);
        await worker.NothingFaultedAsync();
    }

    /// <summary>Statements that were given up.</summary>
    private static async Task<long> RollbacksAsync(WorkerUnderTest worker) =>
        (long)
            (await worker.QueryAsync("SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()"))!;

    private static async Task OpenAllAsync(string connectionString, int count)
    {
        var open = new List<NpgsqlConnection>();
        try
        {
            for (var i = 0; i < count; i++)
            {
                open.Add(await OpenAsync(connectionString));
            }
        }
        finally
        {
            foreach (var connection in open)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private static async Task<NpgsqlConnection> OpenAsync(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
