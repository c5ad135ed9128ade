using System.Globalization;
using System.Net;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Deploy;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.IntegrationTests.Operations;

/// <summary>Large messages, and a worker with as much memory as a container of 512 MiB gives .NET.</summary>
[Collection(nameof(ServerOutages))]
public sealed class MemoryTests(RestartableServers servers) : IAsyncLifetime
{
    private const string ErrorQueue = "generate-images_error";
    private const int Large = 200;
    private const string MaxMessageSize = "max_message_size";
    private const long ByDefault = 134_217_728;

    private static readonly KeyValuePair<string, string?> Container = new("DOTNET_GCHeapHardLimit", "0x18000000");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await servers.RabbitMq.ConfigureAsync(MaxMessageSize, ByDefault);

    [Fact]
    public async Task With_the_broker_as_deployed_a_worker_serves_on_whatever_the_size_of_messages()
    {
        var limit = DeployedLimit();
        await servers.RabbitMq.ConfigureAsync(MaxMessageSize, limit);
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync(Container);
        await using (var publisher = await Publisher.ConnectAsync(worker.RabbitMqUri, ""))
        {
            await Assert.ThrowsAnyAsync<RabbitMQClientException>(() => SendAsync(publisher, 10_000_000));
        }

        // More than are delivered at once.
        for (var sent = 0; sent < 150; sent++)
        {
            await SendAsync(worker.Commands, (int)limit);
        }

        (await worker.CloseAsync(WorkerUnderTest.Command("a red fox"))).As<ImagesReady>();
        await started.ReadyAsync();
        Assert.DoesNotContain(started.Process.Lines, line => line.Contains(MaxMessageSize, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broker_that_takes_larger_messages_than_fit_is_warned_of()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync(Container);

        Assert.Single(
            started.Process.Lines,
            line => line.Contains("RabbitMQ takes messages of more than 1.2 MiB. 160 of them", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Without_memory_the_process_ends_and_another_one_serves_on()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var dying = await worker.StartAsync(
            new KeyValuePair<string, string?>("DOTNET_GCHeapHardLimit", "0x6000000")
        );

        for (var sent = 0; sent < 20; sent++)
        {
            await SendAsync(worker.Commands, 10_000_000);
        }

        Assert.NotEqual(0, await dying.Process.WaitForExitAsync());
        Assert.Contains(
            dying.Process.ErrorLines,
            line => line.Contains("ImageWorker: out of memory", StringComparison.Ordinal)
        );
        await using var started = await worker.StartAsync();
        (await worker.CloseAsync(WorkerUnderTest.Command("a red fox"))).As<ImagesReady>();
    }

    [Fact]
    public async Task What_was_put_aside_is_looked_through_and_shown_whatever_its_size()
    {
        const string Key = "operators-key-of-this-test";
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync(
            new("DOTNET_GCHeapHardLimit", "0x9600000"),
            new("Operations__Key", Key)
        );
        await SendAsync(worker.Commands, 1);
        await Eventually.HoldsAsync(async () => await worker.Commands.CountAsync(ErrorQueue) == 1);
        for (var sent = 1; sent < Large; sent++)
        {
            await SendAsync(worker.Commands, 1024 * 1024, ErrorQueue);
        }

        var queue = worker.Settings["Queues__Prefix"] + ErrorQueue;
        var (status, done) = await started.ActAsync(
            "/api/put-aside/delete",
            new
            {
                queue,
                filter = new { reason = "no such reason" },
                reason = "a test",
            },
            Key
        );
        var (_, shown) = await started.GetAsync("/api/put-aside?prompt=shown&limit=200", Key);

        Assert.Equal((HttpStatusCode.OK, 0), (status, done.GetProperty("done").GetInt32()));
        var all = JsonDocument.Parse(shown).RootElement.GetProperty("queues")[0];
        Assert.Equal(
            (Large, Large),
            (all.GetProperty("count").GetInt32(), all.GetProperty("messages").GetArrayLength())
        );
        (await worker.CloseAsync(WorkerUnderTest.Command("a red fox"))).As<ImagesReady>();
    }

    private static Task SendAsync(Publisher publisher, int size, string exchange = "generate-images") =>
        publisher.SendAsync(exchange, new string(' ', size), new BasicProperties());

    private static long DeployedLimit()
    {
        var lines = File.ReadAllLines(Checkout.At("deploy/rabbitmq/20-imageworker.conf"));
        var setting = Assert.Single(lines, line => line.StartsWith($"{MaxMessageSize} = ", StringComparison.Ordinal));
        return long.Parse(setting.Split(" = ")[1], CultureInfo.InvariantCulture);
    }
}
