using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Requests;

/// <summary>Who asked is stored with the request.</summary>
public sealed class StoredReplyTests(TestServers servers) : IAsyncLifetime
{
    private readonly Surroundings _surroundings = new(servers);

    private WorkerUnderTest Worker => _surroundings.Worker;

    [Theory]
    [InlineData("AfterCommit")]
    [InlineData("BeforeCommit:3")]
    [InlineData("AfterCommit:3")]
    public async Task The_answer_comes_though_workers_die_and_the_publisher_is_away(string crashAt)
    {
        KeyValuePair<string, string?> allowed = new("Replies__Allowed", "shop-*, other");
        await using var queue = await QuorumQueue.DeclareAsync(Worker.RabbitMqUri, $"shop-{Guid.NewGuid():n}");
        var command = WorkerUnderTest.Command("a red fox");
        await using (var dying = await Worker.StartAsync(allowed, new(WorkerUnderTest.CrashAt, crashAt)))
        {
            await Worker.Commands.SendAsync(
                "generate-images",
                JsonSerializer.Serialize(command, JsonSerializerOptions.Web),
                new() { ReplyTo = queue.Name }
            );
            Assert.Equal(WorkerUnderTest.KilledBySignal9, await dying.Process.WaitForExitAsync());
        }

        await using var next = await Worker.StartAsync(allowed);

        (await Worker.ClosedOnceAsync(command)).As<ImagesReady>();
        var reply = JsonElement.Parse((await queue.GetAsync())!).GetProperty("message");
        Assert.Equal(command.RequestId, reply.GetProperty("requestId").GetGuid());
    }

    public ValueTask InitializeAsync() => _surroundings.InitializeAsync();

    public ValueTask DisposeAsync() => _surroundings.DisposeAsync();
}
