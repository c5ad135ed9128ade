using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.IntegrationTests.Engine;

/// <summary>A subscriber whose queue refuses events delays nobody else's.</summary>
public sealed class RefusedEventsTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private const string FullQueue = "full";
    private const int Commands = 13;

    [Fact]
    public async Task A_full_queue_of_one_exchange_delays_no_other_and_gets_each_event_in_the_end()
    {
        var worker = surroundings.Worker;
        await using var connection = await new ConnectionFactory
        {
            Uri = new Uri(worker.RabbitMqUri),
        }.CreateConnectionAsync(TestContext.Current.CancellationToken);
        await using var channel = await connection.CreateChannelAsync(
            new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
            TestContext.Current.CancellationToken
        );
        await BindFullQueueAsync(channel);
        await using var started = await worker.StartAsync();
        var ready = Enumerable.Range(0, Commands).Select(_ => WorkerUnderTest.Command("a red fox")).ToList();
        foreach (var command in ready)
            await worker.Commands.SendAsync(command);
        await Eventually.HoldsAsync(async () =>
            (long)(await worker.QueryAsync("SELECT count(*) FROM outbox WHERE attempts > 0"))! > 0
        );

        var refused = WorkerUnderTest.Command("a red fox") with { Count = 99 };
        await worker.Commands.SendAsync(refused);
        await Eventually.HoldsAsync(() => worker.Events.ClosingsOf(refused.RequestId).Count > 0);
        await worker.Events.CatchUpAsync();
        var copies = ready.Max(command => worker.Events.ClosingsOf(command.RequestId).Count);
        var tries = 1 + (int)(await worker.QueryAsync("SELECT max(attempts) FROM outbox"))!;
        await channel.QueueDeleteAsync(FullQueue, cancellationToken: TestContext.Current.CancellationToken);

        Assert.InRange(copies, 1, tries);
        foreach (var command in ready)
            await worker.ClosedOnceAsync(command);
        Assert.Contains(
            started.Process.Lines,
            line => line.Contains("ImagesReady are not delivered", StringComparison.Ordinal)
        );
    }

    /// <summary>
    /// Its queue refuses all messages. The broker lets a few more in than the limit says, so it is filled until it has
    /// refused many in a row: an event that is let in at a later try leaves no row that tells of its tries.
    /// </summary>
    private static async Task BindFullQueueAsync(IChannel channel)
    {
        var exchange = $"ImageWorker.Contracts:{nameof(ImagesReady)}";
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true);
        await channel.QueueDeclareAsync(
            FullQueue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["x-max-length"] = 1,
                ["x-overflow"] = "reject-publish",
            }
        );
        await FillAsync(channel);
        await channel.QueueBindAsync(FullQueue, exchange, routingKey: "");
    }

    private static async Task FillAsync(IChannel channel)
    {
        for (var refusals = 0; refusals < 20; )
        {
            try
            {
                await channel.BasicPublishAsync("", FullQueue, "{}"u8.ToArray());
                refusals = 0;
            }
            catch (PublishException)
            {
                refusals++;
            }
        }
    }
}
