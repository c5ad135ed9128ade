using ImageWorker.Contracts;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Commands;

public sealed class ErrorQueueTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private const string Source = "generate-images";
    private const string ErrorQueue = $"{Source}_error";
    private const string Poison = """{"prompt":"a secret fox","count":""";
    private const string Unreadable = "cannot be read as GenerateImages";

    private readonly WorkerUnderTest _worker = surroundings.Worker;

    [Fact]
    public async Task What_failed_is_listed_and_once_mended_moved_back_and_closed_once()
    {
        await using var started = await _worker.StartAsync();
        // Of the other tests.
        foreach (var queue in new[] { ErrorQueue, $"{Source}_dead" })
        {
            while (await _worker.Commands.CountAsync(queue) > 0)
            {
                await _worker.Commands.GetAsync(queue);
            }
        }

        var good = WorkerUnderTest.Command("a hidden fox");
        await _worker.QueryAsync("ALTER TABLE requests RENAME COLUMN images TO broken");
        await _worker.Commands.SendAsync(good);
        await _worker.Commands.SendBodyAsync(Poison);
        await KeptAsync(2);
        await _worker.QueryAsync("ALTER TABLE requests RENAME COLUMN broken TO images");

        var listed = await DoneAsync("list");
        Assert.Equal($"{Prefix}{ErrorQueue}: 2", listed[0]);
        Assert.Single(listed, line => Tells(line, $"{good.RequestId}", "column"));
        Assert.Single(listed, line => line.Contains(Unreadable, StringComparison.Ordinal));
        var shown = await DoneAsync("redrive", Prefix + ErrorQueue, "--dry-run");
        Assert.Equal($"2 messages would be moved to {Prefix}{Source}", shown[^1]);
        Assert.Empty(_worker.Events.EventsOf(good.RequestId));

        var moved = await DoneAsync("redrive", Prefix + ErrorQueue);

        Assert.Equal($"2 messages moved to {Prefix}{Source}", moved[^1]);
        (await _worker.ClosedOnceAsync(good)).As<ImagesReady>();
        Assert.Equal(1, _worker.PaidFor(good).Totals.ImagesPaid);
        await KeptAsync(1);
        var left = await DoneAsync("list", "--json");
        Assert.Contains(Unreadable, Assert.Single(left), StringComparison.Ordinal);
        Assert.DoesNotContain(
            [.. listed, .. shown, .. moved, .. left],
            line => line.Contains("fox", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task What_the_broker_gave_up_is_moved_back_too_as_many_as_asked_for()
    {
        await using var started = await _worker.StartAsync();
        var commands = Enumerable.Range(0, 3).Select(n => WorkerUnderTest.Command($"fox {n}")).ToList();
        foreach (var command in commands)
        {
            var body = $$"""{"requestId":"{{command.RequestId}}","prompt":"{{command.Prompt}}"}""";
            await _worker.Commands.SendBodyAsync(body, exchange: $"{Source}_dead");
        }

        Assert.Equal(
            $"2 messages moved to {Prefix}{Source}",
            (await DoneAsync("redrive", $"{Prefix}{Source}_dead", "--limit", "2"))[^1]
        );

        (await _worker.ClosedOnceAsync(commands[0])).As<ImagesReady>();
        (await _worker.ClosedOnceAsync(commands[1])).As<ImagesReady>();
        await KeptAsync(1, $"{Source}_dead");
        Assert.Empty(_worker.Events.EventsOf(commands[2].RequestId));
    }

    [Fact]
    public async Task Looking_again_and_again_loses_nothing()
    {
        await using var started = await _worker.StartAsync();
        var command = WorkerUnderTest.Command("a red fox");
        // Besides those of the other tests.
        var kept = await _worker.Commands.CountAsync(ErrorQueue) + 3;
        // They look alike.
        for (var sent = 0; sent < 3; sent++)
        {
            await _worker.Commands.SendBodyAsync($$"""{"requestId":"no id","prompt":"{{command.Prompt}}"}""");
        }

        await KeptAsync(kept);

        // The error queue of the worker has its delivery limit: 50, here as in production.
        await using var connection = await BrokerHost
            .Factory(_worker.RabbitMqUri)
            .CreateConnectionAsync(TestContext.Current.CancellationToken);
        var queue = new ErrorQueueClient(connection, Prefix + ErrorQueue);
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal((int)kept, (await queue.ReadAsync(100, TestContext.Current.CancellationToken)).Count);
        }

        // A count is not ordered behind what was just handed back, as another read is.
        await KeptAsync(kept);
    }

    [Fact]
    public async Task The_list_of_requests_says_how_many_commands_no_worker_has_taken()
    {
        await using (await _worker.StartAsync())
        {
            // It declares the queues, and is gone again.
        }

        await _worker.Commands.SendAsync(WorkerUnderTest.Command("a red fox"));
        await KeptAsync(1, Source);

        await using var list = WorkerProgram.Start(["requests", "list", "--state", "open"], _worker.Settings);

        Assert.Equal(0, await list.WaitForExitAsync());
        Assert.Equal(
            $"RabbitMQ holds 1 more in {Prefix}{Source}, which no worker has taken yet.",
            Assert.Single(list.ErrorLines)
        );
        // Not for the workers of the other tests.
        await _worker.Commands.GetAsync(Source);
    }

    [Fact(Explicit = true)]
    public async Task A_million_that_were_put_aside_hold_up_nothing()
    {
        const int Million = 1_000_000;
        const string Key = "operators-key-of-this-test";
        await using var started = await _worker.StartAsync(
            new("DOTNET_GCHeapHardLimit", "0x9600000"),
            new("Operations__Key", Key)
        );
        await _worker.Commands.SendBodyAsync(Poison);
        await Eventually.HoldsAsync(async () => await _worker.Commands.CountAsync(ErrorQueue) > 0);
        for (var sent = 0; sent < Million; sent += 2000)
        {
            await Task.WhenAll(
                Enumerable.Range(0, 2000).Select(_ => _worker.Commands.SendBodyAsync(Poison, exchange: ErrorQueue))
            );
        }

        // One more is too many, and the worker that begins now finds all of them.
        await _worker.Commands.SendBodyAsync(Poison);
        await using var other = await _worker.StartAsync();
        var command = WorkerUnderTest.Command("a red fox");
        (await _worker.CloseAsync(command)).As<ImagesReady>();
        Assert.Contains((await DoneAsync("list"))[0], $"{Prefix}{ErrorQueue}: {Million + 1}", StringComparison.Ordinal);
        var (_, shown) = await started.GetAsync("/api/put-aside?limit=200", Key);
        Assert.Contains($"\"count\":{Million + 1}", shown, StringComparison.Ordinal);
        var (_, moved) = await started.ActAsync(
            "/api/put-aside/delete",
            new
            {
                queue = Prefix + ErrorQueue,
                filter = new { reason = "unknown" },
                reason = "a test",
            },
            Key
        );
        Assert.Equal(200, moved.GetProperty("done").GetInt32());
        (await _worker.CloseAsync(WorkerUnderTest.Command("a blue fox"))).As<ImagesReady>();
        await started.ReadyAsync();
    }

    [Theory]
    [InlineData("generate-images")]
    [InlineData("no-such-queue_error")]
    public async Task A_queue_that_holds_nothing_put_aside_is_a_mistake(string queue)
    {
        await using var command = Run("redrive", queue);

        Assert.Equal(2, await command.WaitForExitAsync());
        Assert.Contains($"'{queue}'", Assert.Single(command.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_cannot_be_reached_is_told_in_one_line_without_its_password()
    {
        await using var command = WorkerProgram.Start(
            ["queues", "list"],
            [new("ConnectionStrings__RabbitMq", "amqp://worker:hunter2secret@127.0.0.1:1/")]
        );

        Assert.Equal(1, await command.WaitForExitAsync());
        Assert.Contains("RabbitMQ at 127.0.0.1", Assert.Single(command.ErrorLines), StringComparison.Ordinal);
        Assert.DoesNotContain(command.Lines, line => line.Contains("hunter2", StringComparison.Ordinal));
    }

    private string Prefix => _worker.Settings["Queues__Prefix"]!;

    private static bool Tells(string line, params string[] parts) =>
        Array.TrueForAll(parts, part => line.Contains(part, StringComparison.Ordinal));

    private Task KeptAsync(uint count, string queue = ErrorQueue) =>
        Eventually.PassesAsync(async () => Assert.Equal(count, await _worker.Commands.CountAsync(queue)));

    private async Task<IReadOnlyList<string>> DoneAsync(params string[] arguments)
    {
        await using var command = Run(arguments);
        Assert.True(await command.WaitForExitAsync() == 0, command.Tail);
        return command.OutputLines;
    }

    private ChildProcess Run(params string[] arguments) =>
        WorkerProgram.Start(["queues", .. arguments], _worker.Settings);
}
