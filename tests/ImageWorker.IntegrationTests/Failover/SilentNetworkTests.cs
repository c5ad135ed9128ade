using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Failover;

/// <summary>A network that swallows what is sent and ends no connection, one that is slow, and one that cuts.</summary>
public sealed class SilentNetworkTests(TestServers servers)
{
    private const string Postgres = "ConnectionStrings__Postgres";
    private const string Zpk = "Zpk__BaseAddress";
    private const string RabbitMq = "ConnectionStrings__RabbitMq";
    private const int Requests = 20;

    /// <summary>From the silence until all is closed.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(3);

    /// <summary>In place of the 30 s that a statement may take by default.</summary>
    private const string Impatient = ";Command Timeout=3;Timeout=3";

    [Theory(Explicit = true)]
    [InlineData(Postgres, true, false)]
    [InlineData(Postgres, false, true)]
    [InlineData(Zpk, true, false)]
    [InlineData(Zpk, false, true)]
    [InlineData(RabbitMq, true, false)]
    [InlineData(RabbitMq, false, true)]
    public async Task Connections_that_fall_silent_one_way_lose_nothing_and_pay_nothing_twice(
        string server,
        bool toServer,
        bool toClient
    )
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var (proxy, settings) = Through(worker, server);
        await using var between = proxy;
        await using var started = await worker.StartAsync(settings);
        (await worker.CloseAsync(WorkerUnderTest.Command("a first fox"))).As<ImagesReady>();

        var sending = worker.SendManyAsync(Requests, "[seconds 1]");
        await worker.SubmittedAsync(Requests / 2);
        proxy.Silence(toServer, toClient);

        await AllClosedInTimeAsync(worker, await sending);
        await started.ReadyAsync();
    }

    [Theory(Explicit = true)]
    [InlineData(Postgres, 500, null, 0)]
    [InlineData(Zpk, 500, null, 0)]
    [InlineData(RabbitMq, 500, null, 0)]
    [InlineData(Postgres, 0, 10_000, 0)]
    [InlineData(Zpk, 0, 10_000, 0)]
    [InlineData(RabbitMq, 0, 10_000, 0)]
    [InlineData(Postgres, 0, null, 4)]
    [InlineData(Zpk, 0, null, 4)]
    [InlineData(RabbitMq, 0, null, 4)]
    public async Task A_network_that_is_slow_or_cuts_connections_loses_nothing_and_has_nothing_paid_twice(
        string server,
        int latency,
        int? bandwidth,
        int cuts
    )
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var (proxy, settings) = Through(worker, server);
        await using var between = proxy;
        proxy.Latency = TimeSpan.FromMilliseconds(latency);
        proxy.Bandwidth = bandwidth;
        // As by default: an event must be confirmed before it ends, and the tests' own is shorter than some ways to and fro.
        await using var started = await worker.StartAsync([.. settings, new("Delivery__Lease", "00:00:30")]);

        var sending = worker.SendManyAsync(Requests, "[seconds 1]");
        for (var cut = 1; cut <= cuts; cut++)
        {
            await worker.SubmittedAsync(Requests * cut / (cuts + 1));
            proxy.Cut();
        }

        await AllClosedInTimeAsync(worker, await sending);
        await started.ReadyAsync();
    }

    [Fact(Explicit = true)]
    public async Task A_transaction_whose_worker_fell_silent_is_ended_by_the_server()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var (proxy, settings) = Through(worker, Postgres);
        await using var between = proxy;
        // Where calls are limited they begin under a lock, in a transaction of several statements.
        await using var started = await worker.StartAsync([.. settings, new("Submission__AtOnce", "4")]);
        proxy.Latency = TimeSpan.FromMilliseconds(50);
        proxy.Cut();
        var sending = worker.SendManyAsync(Requests, "[seconds 1]");
        await Eventually.HoldsAsync(async () => await IdleInTransactionAsync(worker) > 0);

        proxy.Silence();

        await AllClosedInTimeAsync(worker, await sending);
    }

    private static async Task<long> IdleInTransactionAsync(WorkerUnderTest worker) =>
        (long)
            (
                await worker.QueryAsync(
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND state = 'idle in transaction'
                    """
                )
            )!;

    private static (SilentProxy Proxy, KeyValuePair<string, string?>[] Settings) Through(
        WorkerUnderTest worker,
        string server
    )
    {
        var proxy = new SilentProxy(worker.Settings[server] + (server == Postgres ? Impatient : ""));
        return (proxy, [new(server, proxy.Address)]);
    }

    private static async Task AllClosedInTimeAsync(WorkerUnderTest worker, IReadOnlyList<GenerateImages> commands)
    {
        await Eventually.HoldsAsync(
            async () =>
                commands.All(command => worker.Events.ClosingsOf(command.RequestId).Count > 0)
                && (long)(await worker.QueryAsync("SELECT count(*) FROM outbox"))! == 0,
            Bound
        );
        await worker.AllPaidAndClosedOnceAsync(commands);
        Assert.Equal(0L, await worker.QueryAsync("SELECT count(*) FROM outbox"));
    }
}
