using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using MassTransit;

namespace ImageWorker.IntegrationTests.Engine;

/// <summary>
/// A publisher may name addresses for answers and faults in all the ways that MassTransit and AMQP know. Events are the
/// worker's only answer, and the exchanges of events the only place that it sends to.
/// </summary>
[Collection(nameof(ServerOutages))]
public sealed class ReplyAddressTests(RestartableServers servers)
{
    private const string Generate = "generate-images";
    private const string Cancel = "cancel-images";

    /// <summary>A queue that is there.</summary>
    private const string There = "a-publishers-own";

    /// <summary>A queue that is not there, nor an exchange of its name.</summary>
    private const string NotThere = "nobodys";

    [Fact]
    public async Task What_a_publisher_asks_for_is_neither_declared_nor_sent_to()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync();
        await worker.BreakStepsAsync("NEW.command::text LIKE '%broken%'");
        await using var queue = await QuorumQueue.DeclareAsync(worker.RabbitMqUri, There);
        // All that the worker declares by its own rules.
        await SendAllAsync(worker, [null]);
        var before = (await servers.RabbitMq.ListAsync(worker.RabbitMqUri)).Order(StringComparer.Ordinal);

        var host = worker.RabbitMqUri.Replace("amqp://guest:guest@", "rabbitmq://", StringComparison.Ordinal);
        await SendAllAsync(
            worker,
            [
                .. new[] { There, NotThere }.SelectMany(name =>
                    new Reply[]
                    {
                        new(name, $"{host}/{name}"),
                        new(name, $"{host}/{name}?bind=true&queue={name}"),
                        new(name, $"queue:{name}"),
                        new(name, $"exchange:{name}"),
                    }
                ),
            ]
        );

        var after = (await servers.RabbitMq.ListAsync(worker.RabbitMqUri)).Order(StringComparer.Ordinal);
        Assert.Equal(before, after);
        Assert.DoesNotContain(after, line => line.Contains("Fault", StringComparison.Ordinal));
        Assert.Null(await queue.GetAsync());
    }

    /// <summary>
    /// For each address, and in each form: a good command, one that is refused, one whose step fails and one that cannot be
    /// read. Returns once all of them are closed or put aside.
    /// </summary>
    private static async Task SendAllAsync(WorkerUnderTest worker, IReadOnlyList<Reply?> replies)
    {
        var closing = new List<GenerateImages>();
        foreach (var (reply, isEnvelope) in replies.SelectMany(reply => new[] { (reply, true), (reply, false) }))
        {
            var good = WorkerUnderTest.Command("a red fox");
            var refused = WorkerUnderTest.Command("a red fox", count: 99);
            await SendAsync(Generate, good);
            await SendAsync(Generate, refused);
            await SendAsync(Generate, WorkerUnderTest.Command("a broken fox"));
            await SendAsync(Generate, new { RequestId = "none", Prompt = 1 });
            await SendAsync(Cancel, new CancelImages { RequestId = good.RequestId });
            await SendAsync(Cancel, new { RequestId = "none" });
            closing.AddRange([good, refused]);

            Task SendAsync<T>(string queue, T message) =>
                worker.Commands.SendAsync(
                    queue,
                    isEnvelope ? Enveloped(queue, message, reply) : Envelope.Json(message).GetRawText(),
                    new()
                    {
                        ContentType = isEnvelope ? Envelope.ContentType : Publisher.Json,
                        CorrelationId = $"{good.RequestId}",
                        ReplyTo = reply?.Queue,
                        Headers = reply?.Headers,
                    }
                );
        }

        foreach (var command in closing)
        {
            await worker.ClosedOnceAsync(command);
        }

        await worker.Commands.TakePutAsideAsync(Generate, closing.Count);
        await worker.Commands.TakePutAsideAsync(Cancel, closing.Count / 2);
    }

    private static string Enveloped<T>(string queue, T message, Reply? reply) =>
        new Envelope(
            [MessageUrn.ForTypeString(queue is Generate ? typeof(GenerateImages) : typeof(CancelImages))],
            Envelope.Json(message)
        )
        {
            RequestId = Guid.NewGuid(),
            ResponseAddress = reply?.Address,
            FaultAddress = reply?.Address,
        }.ToJson();

    /// <summary>Where a publisher wants its answer.</summary>
    private sealed record Reply(string Queue, string Address)
    {
        public Dictionary<string, object?> Headers =>
            new(StringComparer.Ordinal)
            {
                ["RequestId"] = $"{Guid.NewGuid()}",
                ["MT-Response-Address"] = Address,
                ["MT-Fault-Address"] = Address,
            };
    }
}
