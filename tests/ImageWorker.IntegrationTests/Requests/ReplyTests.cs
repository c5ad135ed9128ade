using System.Collections.Concurrent;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Telemetry;
using ImageWorker.IntegrationTests.Workers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ImageWorker.IntegrationTests.Requests;

/// <summary>A publisher that asks for the answer gets the closing event, besides those who subscribe to it.</summary>
[Collection(nameof(SharedWorker))]
public sealed class ReplyTests(SharedWorkerFixture shared)
{
    private const string Direct = "amq.rabbitmq.reply-to";

    private readonly WorkerUnderTest _worker = shared.Worker;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MassTransits_request_client_gets_either_closing_event_as_its_response()
    {
        Assert.SkipUnless(
            _worker.Settings["Queues__Prefix"] == "",
            "With a prefix, commands come by the queues' names."
        );
        await using var services = new ServiceCollection()
            .AddMassTransit(bus =>
            {
                bus.DisableUsageTelemetry();
                bus.AddRequestClient<GenerateImages>(RequestTimeout.After(m: 1));
                bus.UsingRabbitMq((_, rabbit) => rabbit.UseBroker(_worker.RabbitMqUri));
            })
            .BuildServiceProvider();
        var bus = services.GetRequiredService<IBusControl>();
        await bus.StartAsync(Ct);
        await using var scope = services.CreateAsyncScope();
        var client = scope.ServiceProvider.GetRequiredService<IRequestClient<GenerateImages>>();
        var good = WorkerUnderTest.Command("a red fox", count: 2);
        var bad = WorkerUnderTest.Command("a red fox", count: 99);

        var ready = await client.GetResponse<ImagesReady, ImagesFailed>(good, Ct);
        var failed = await client.GetResponse<ImagesReady, ImagesFailed>(bad, Ct);

        Assert.True(ready.Is(out Response<ImagesReady>? images));
        Assert.Equal((good.RequestId, 2), (images.Message.RequestId, images.Message.Images.Count));
        Assert.True(failed.Is(out Response<ImagesFailed>? refusal));
        Assert.Equal(
            (bad.RequestId, FailureReason.InvalidRequest),
            (refusal.Message.RequestId, refusal.Message.Reason)
        );
        Assert.Equal(images.MessageId, (await _worker.ClosedOnceAsync(good)).MessageId);
        await bus.StopAsync(Ct);
    }

    [Theory]
    [InlineData(1, nameof(ImagesReady))]
    [InlineData(99, nameof(ImagesFailed))]
    public async Task A_bare_publisher_gets_it_by_direct_reply_to_under_its_own_correlation_id(int count, string name)
    {
        await using var asker = await Publisher.ConnectAsync(_worker);
        var command = WorkerUnderTest.Command("a red fox", count);

        await asker.SendAsync(command, Direct, "order 4711");

        var reply = await asker.ReplyAsync("order 4711");
        var @event = await _worker.ClosedOnceAsync(command);
        Assert.Equal((name, @event.MessageId), (reply.Name, reply.MessageId));
        Assert.Equal($"{@event.Message}", $"{reply.Message}");
    }

    [Fact]
    public async Task Everybody_who_asks_for_one_request_is_answered_also_after_it_is_closed()
    {
        await using var asker = await Publisher.ConnectAsync(_worker);
        var before = await DroppedAsync("too_many");
        var command = WorkerUnderTest.Command("a red fox [seconds 8]");
        for (var i = 0; i < 8; i++)
            await asker.SendAsync(command, asker.Queue, $"{i}");
        // The same one again is no other.
        await asker.SendAsync(command, asker.Queue, "0");
        await Eventually.HoldsAsync(async () =>
            await _worker.QueryAsync($"SELECT json_array_length(askers) FROM requests WHERE id = '{command.RequestId}'")
                is 8
        );
        await asker.SendAsync(command, asker.Queue, "8");
        await Eventually.HoldsAsync(async () => await DroppedAsync("too_many") == before + 1);

        for (var i = 0; i < 8; i++)
            await asker.ReplyAsync($"{i}");
        await _worker.ClosedOnceAsync(command);
        await asker.SendAsync(command, asker.Queue, "late");
        await asker.ReplyAsync("late");
        await _worker.SettledAsync();

        Assert.Equal(9, asker.Replies.Count);
        Assert.DoesNotContain(asker.Replies, reply => reply.Properties.CorrelationId == "8");
        Assert.Equal(1, _worker.PaidFor(command).Totals.Submissions);
    }

    [Fact]
    public async Task Two_that_use_one_id_for_different_things_are_each_told_their_own_outcome()
    {
        await using var asker = await Publisher.ConnectAsync(_worker);
        var command = WorkerUnderTest.Command("a red fox [seconds 1]");

        await asker.SendAsync(command, asker.Queue, "first");
        await Eventually.HoldsAsync(() => _worker.PaidFor(command).Totals.Submissions == 1);
        await asker.SendAsync(command with { Style = "natural" }, asker.Queue, "second");

        Assert.Equal(nameof(ImagesFailed), (await asker.ReplyAsync("second")).Name);
        Assert.Equal(nameof(ImagesReady), (await asker.ReplyAsync("first")).Name);
    }

    [Fact]
    public async Task An_answer_that_nobody_waits_for_is_dropped_and_counted_and_declares_nothing()
    {
        var before = await DroppedAsync("unroutable");
        await using var asker = await Publisher.ConnectAsync(_worker);
        var command = WorkerUnderTest.Command("a red fox");

        await asker.SendAsync(command, "amq.gen-nobodys", "1");
        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();

        Assert.Equal(before + 1, await DroppedAsync("unroutable"));
        await Assert.ThrowsAnyAsync<RabbitMQ.Client.Exceptions.OperationInterruptedException>(() =>
            asker.LookForAsync("amq.gen-nobodys")
        );
    }

    [Theory]
    [InlineData("a-publishers-own")]
    [InlineData("generate-images")]
    [InlineData("staging.cancel-images_error")]
    [InlineData("amq.gen-a\u0000b")]
    public async Task No_answer_goes_to_a_queue_that_is_not_allowed(string queue)
    {
        var before = await DroppedAsync("not_allowed");
        await using var asker = await Publisher.ConnectAsync(_worker);
        var command = WorkerUnderTest.Command("a red fox");

        await asker.SendAsync(command, queue, "1");
        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();

        Assert.Equal(before + 1, await DroppedAsync("not_allowed"));
        Assert.Null(
            await _worker.QueryAsync($"SELECT askers FROM requests WHERE id = '{command.RequestId}'") as string
        );
    }

    private async Task<double> DroppedAsync(string reason) =>
        (await Scrape.OfAsync(shared.Started)).Value("imageworker_replies_dropped_total", $"reason=\"{reason}\"");

    /// <summary>A publisher with a queue of its own for the answers, which ends with its connection.</summary>
    private sealed class Publisher : IAsyncDisposable
    {
        private readonly ConcurrentQueue<ReceivedEvent> _replies = [];
        private readonly IConnection _connection;
        private readonly IChannel _channel;
        private readonly string _exchange;

        private Publisher(IConnection connection, IChannel channel, string exchange) =>
            (_connection, _channel, _exchange) = (connection, channel, exchange);

        public string Queue { get; private set; } = "";

        public ConcurrentQueue<ReceivedEvent> Replies => _replies;

        public static async Task<Publisher> ConnectAsync(WorkerUnderTest worker)
        {
            var connection = await new ConnectionFactory { Uri = new(worker.RabbitMqUri) }.CreateConnectionAsync(Ct);
            var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
            var publisher = new Publisher(connection, channel, $"{worker.Settings["Queues__Prefix"]}generate-images");
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += (_, delivery) =>
            {
                publisher.Keep(delivery);
                return Task.CompletedTask;
            };
            publisher.Queue = (await channel.QueueDeclareAsync(cancellationToken: Ct)).QueueName;
            await channel.BasicConsumeAsync(publisher.Queue, autoAck: true, consumer, Ct);
            await channel.BasicConsumeAsync(Direct, autoAck: true, consumer, Ct);
            return publisher;
        }

        /// <summary>On the channel of the consumer, as direct reply-to wants it.</summary>
        public async Task SendAsync(GenerateImages command, string replyTo, string correlationId) =>
            await _channel.BasicPublishAsync(
                _exchange,
                "",
                mandatory: true,
                new BasicProperties { ReplyTo = replyTo, CorrelationId = correlationId },
                JsonSerializer.SerializeToUtf8Bytes(command, JsonSerializerOptions.Web),
                Ct
            );

        public async Task<ReceivedEvent> ReplyAsync(string correlationId)
        {
            await Eventually.HoldsAsync(() => _replies.Any(reply => reply.Properties.CorrelationId == correlationId));
            return Assert.Single(_replies, reply => reply.Properties.CorrelationId == correlationId);
        }

        public async Task LookForAsync(string queue) => await _channel.QueueDeclarePassiveAsync(queue, Ct);

        public async ValueTask DisposeAsync()
        {
            await _channel.DisposeAsync();
            await _connection.DisposeAsync();
        }

        private void Keep(BasicDeliverEventArgs delivery)
        {
            using var envelope = JsonDocument.Parse(delivery.Body);
            var type = envelope.RootElement.GetProperty("messageType")[0].GetString()!;
            _replies.Enqueue(
                new(
                    type.Split(':')[^1],
                    envelope.RootElement.GetProperty("messageId").GetGuid(),
                    envelope.RootElement.GetProperty("message").Clone()
                )
                {
                    Properties = new BasicProperties(delivery.BasicProperties),
                }
            );
        }
    }
}
