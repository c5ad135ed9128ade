using System.Diagnostics;
using System.Text.RegularExpressions;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Deploy;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using RabbitMQ.Client;

namespace ImageWorker.IntegrationTests.Requests;

/// <summary>What <c>docs/examples</c> shows, run as its page says.</summary>
[Collection(nameof(SharedWorker))]
public sealed partial class ExampleTests(SharedWorkerFixture shared, TestServers servers)
{
    private static readonly Guid OtherRequest = Guid.NewGuid();

    /// <summary>A build of a .NET example is part of its run.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly WorkerUnderTest _worker = shared.Worker;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Examples { get; } =
    ["python3 python_pika.py", "node node_amqplib.mjs", "dotnet dotnet_rabbitmq.cs", "dotnet dotnet_masstransit.cs"];

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task It_asks_for_pictures_and_handles_each_closing_event_once(string example)
    {
        RequireLanguage(example);
        var queue = $"example-{Guid.NewGuid():n}";
        var other = Closing();
        await using (var connection = await ConnectAsync())
        await using (var channel = await connection.CreateChannelAsync(cancellationToken: Ct))
        {
            await channel.QueueDeclareAsync(
                queue,
                durable: true,
                exclusive: false,
                autoDelete: false,
                new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" },
                cancellationToken: Ct
            );
            await channel.QueueBindAsync(queue, "ImageWorker.Contracts:ImagesReady", "", cancellationToken: Ct);
        }
        // It comes twice under one message id, as any event may.
        await _worker.Commands.SendAsync("ImageWorker.Contracts:ImagesReady", other);
        await _worker.Commands.SendAsync("ImageWorker.Contracts:ImagesReady", other);

        await using var process = Start(example, queue, $"{_worker.Settings["Queues__Prefix"]}generate-images");
        var exitCode = await process.WaitForExitAsync(Patience);

        Assert.True(exitCode == 0, process.Tail);
        var asked = process.OutputLines.Single(line => line.StartsWith("asked ", StringComparison.Ordinal))[6..];
        var closed = process.OutputLines.Where(line => line.StartsWith("closed ", StringComparison.Ordinal)).ToList();
        Assert.Single(closed, line => line.Contains($"{OtherRequest}", StringComparison.Ordinal));
        Assert.Matches(Result(), Assert.Single(closed, line => line.Contains(asked, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task It_says_that_no_queue_takes_its_command(string example)
    {
        RequireLanguage(example);
        var exchange = $"nowhere-{Guid.NewGuid():n}";
        await using (var connection = await ConnectAsync())
        await using (var channel = await connection.CreateChannelAsync(cancellationToken: Ct))
            await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: Ct);

        await using var process = Start(example, $"example-{Guid.NewGuid():n}", exchange);
        var exitCode = await process.WaitForExitAsync(Patience);

        Assert.Equal(1, exitCode);
        Assert.Contains(
            process.ErrorLines,
            line => line.StartsWith($"{exchange} leads to no queue", StringComparison.Ordinal)
        );
    }

    /// <summary>MassTransit declares the exchanges by itself.</summary>
    [Theory]
    [InlineData("python3 python_pika.py")]
    [InlineData("node node_amqplib.mjs")]
    [InlineData("dotnet dotnet_rabbitmq.cs")]
    public async Task It_says_that_no_worker_has_run_there(string example)
    {
        RequireLanguage(example);
        Assert.SkipWhen(servers.RabbitMq is GivenServer, "The virtual host may be another worker's too.");
        var fresh = await servers.CreateVirtualHostAsync("fresh");

        await using var process = Start(example, $"example-{Guid.NewGuid():n}", "generate-images", fresh);
        var exitCode = await process.WaitForExitAsync(Patience);

        Assert.True(exitCode == 1, process.Tail);
        Assert.Contains("has a worker run here", process.ErrorLines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void It_has_less_than_60_lines(string example) =>
        Assert.InRange(File.ReadLines(Checkout.At("docs", "examples", example.Split(' ')[1])).Count(), 1, 59);

    private static Envelope Closing() =>
        Envelope.Of(
            new ImagesReady
            {
                RequestId = OtherRequest,
                Images = [],
                Cost = new()
                {
                    Total = 0,
                    Estimated = 0,
                    Submissions = [],
                },
                RequestedAt = DateTimeOffset.UnixEpoch,
                ClosedAt = DateTimeOffset.UnixEpoch,
            }
        );

    private static void RequireLanguage(string example)
    {
        Assert.SkipWhen(
            example.StartsWith("python3", StringComparison.Ordinal)
                && !Directory.Exists("/usr/lib/python3/dist-packages/pika"),
            "pika is not installed."
        );
        Assert.SkipWhen(
            example.StartsWith("node", StringComparison.Ordinal)
                && !Directory.Exists(Checkout.At("docs", "examples", "node_modules", "amqplib")),
            "amqplib is not installed."
        );
    }

    private ChildProcess Start(string example, string queue, string exchange, string? broker = null)
    {
        // Debian's own Python has Debian's packages.
        var program = example.Split(' ')[0] is "python3" ? "/usr/bin/python3" : example.Split(' ')[0];
        var start = new ProcessStartInfo(program, [.. example.Split(' ')[1..]])
        {
            WorkingDirectory = Checkout.At("docs", "examples"),
        };
        start.Environment["RABBITMQ"] = broker ?? _worker.RabbitMqUri;
        start.Environment["QUEUE"] = queue;
        start.Environment["EXCHANGE"] = exchange;
        return ChildProcess.Start(start);
    }

    private async Task<IConnection> ConnectAsync() =>
        await new ConnectionFactory { Uri = new(_worker.RabbitMqUri) }.CreateConnectionAsync(Ct);

    [GeneratedRegex("^closed [0-9a-f-]{36}: [12] pictures, 0\\.\\d+ EUR$", RegexOptions.None, 1000)]
    private static partial Regex Result();
}
