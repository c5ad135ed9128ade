using System.Net;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Operations;

[Collection(nameof(ServerOutages))]
public sealed class OutageTests(RestartableServers servers)
{
    private const int Requests = 10;

    // A single broker that goes down in a quorum queue's first two seconds can lose the queue.
    private static readonly TimeSpan QueuesSettle = TimeSpan.FromSeconds(2.5);

    [Fact]
    public async Task A_worker_started_before_its_broker_waits_says_so_and_works_once_it_is_there()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await servers.RabbitMq.StopAsync();

        await using var started = worker.Launch();
        await started.Process.WaitForLineAsync(line =>
            line.Contains($"Waiting: RabbitMQ at {new Uri(servers.RabbitMqUri).Host}", StringComparison.Ordinal)
        );
        Assert.Equal(HttpStatusCode.OK, (await started.GetAsync("/health/live")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await started.GetAsync("/health/ready")).Status);
        await servers.RabbitMq.StartAsync();

        await started.ReadyAsync();
        await worker.ReconnectAsync();
        var command = WorkerUnderTest.Command("a red fox");
        (await worker.CloseAsync(command)).As<ImagesReady>();
        Assert.Equal(1, worker.PaidFor(command).Totals.ImagesPaid);
    }

    [Fact]
    public async Task A_crash_of_the_broker_while_requests_run_costs_and_loses_nothing()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync();
        await Task.Delay(QueuesSettle, TestContext.Current.CancellationToken);
        var commands = await SendAllAsync(worker);

        await Eventually.HoldsAsync(() => worker.Zpk.ReadLedger().Totals.Submissions >= Requests / 2);
        await servers.RabbitMq.KillAsync();
        await servers.RabbitMq.StartAsync();

        await worker.ReconnectAsync();
        await AssertEachPaidOnceAsync(worker, commands);
    }

    [Fact]
    public async Task A_crash_of_the_database_while_requests_run_costs_and_loses_nothing()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync();
        var commands = await SendAllAsync(worker);

        await Eventually.HoldsAsync(() => worker.Zpk.ReadLedger().Totals.Submissions >= Requests / 2);
        await servers.Postgres.KillAsync();
        await servers.Postgres.StartAsync();

        foreach (var command in commands)
        {
            (await worker.ClosedOnceAsync(command)).As<ImagesReady>();
        }

        await AssertEachPaidOnceAsync(worker, commands);
    }

    private static async Task<IReadOnlyList<GenerateImages>> SendAllAsync(WorkerUnderTest worker)
    {
        var commands = Enumerable
            .Range(0, Requests)
            .Select(n => WorkerUnderTest.Command($"fox {n} [seconds 0.{n}]"))
            .ToList();
        foreach (var command in commands)
        {
            await worker.Commands.SendAsync(command);
        }

        return commands;
    }

    private static async Task AssertEachPaidOnceAsync(WorkerUnderTest worker, IReadOnlyList<GenerateImages> commands)
    {
        // An event may have come while no subscriber was there; asked again, each says the same under the same id.
        foreach (var command in commands)
        {
            (await worker.CloseAsync(command)).As<ImagesReady>();
        }

        var totals = worker.Zpk.ReadLedger().Totals;
        Assert.Equal((Requests, Requests, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
    }
}
