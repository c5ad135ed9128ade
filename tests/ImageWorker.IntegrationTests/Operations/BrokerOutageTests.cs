using System.Net;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Operations;

[Collection(nameof(ServerOutages))]
public sealed class BrokerOutageTests(RestartableServers servers)
{
    private const int Requests = 10;

    // A single broker that goes down in a quorum queue's first two seconds can lose the queue.
    private static readonly TimeSpan QueuesSettle = TimeSpan.FromSeconds(2.5);

    [Fact]
    public async Task While_the_broker_is_stopped_the_worker_lives_is_not_ready_and_goes_on_afterwards()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync();
        await Task.Delay(QueuesSettle, TestContext.Current.CancellationToken);
        var commands = await worker.SendManyAsync(Requests, "[seconds 1]");
        await worker.SubmittedAsync(Requests);

        await servers.RabbitMq.StopAsync();
        await Eventually.PassesAsync(async () =>
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await started.GetAsync("/health/ready")).Status)
        );
        Assert.Equal(HttpStatusCode.OK, (await started.GetAsync("/health/live")).Status);
        var said = started.Process.Lines.Count;
        // Work that was accepted goes on; its events wait.
        await Eventually.PassesAsync(async () =>
            Assert.Equal(
                (long)Requests,
                await worker.QueryAsync("SELECT count(*) FROM requests WHERE closed_at IS NOT NULL")
            )
        );
        Assert.InRange(started.Process.Lines.Count - said, 0, 200);
        await servers.RabbitMq.StartAsync();

        await started.ReadyAsync();
        await worker.ReconnectAsync();
        await worker.EachPaidAndClosedOnceAsync(commands);
    }

    [Fact]
    public async Task Connections_cut_again_and_again_cost_and_lose_nothing()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync();
        var commands = await worker.SendManyAsync(Requests, "[seconds 1]");

        foreach (var submitted in new[] { 1, Requests / 2, Requests })
        {
            await worker.SubmittedAsync(submitted);
            await servers.RabbitMq.CutConnectionsAsync();
        }

        await started.ReadyAsync();
        await worker.ReconnectAsync();
        await worker.EachPaidAndClosedOnceAsync(commands);
    }

    [Fact]
    public async Task While_a_full_disk_blocks_publishers_events_wait_and_then_leave()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync();
        var commands = await worker.SendManyAsync(Requests, "[seconds 2]");
        await worker.SubmittedAsync(Requests);

        try
        {
            await servers.RabbitMq.SetDiskFreeLimitAsync(DiskAlarm.On);
            await Eventually.HoldsAsync(servers.RabbitMq.BlocksAsync);
            Assert.Equal(HttpStatusCode.OK, (await started.GetAsync("/health/live")).Status);
        }
        finally
        {
            await servers.RabbitMq.SetDiskFreeLimitAsync(DiskAlarm.Off);
        }

        await worker.EachPaidAndClosedOnceAsync(commands);
    }
}
