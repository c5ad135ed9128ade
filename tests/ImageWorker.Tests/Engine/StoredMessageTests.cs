using ImageWorker.Storage;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Tests.Engine;

public sealed class StoredMessageTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Fact]
    public async Task Body_and_id_arrive_as_they_were_stored()
    {
        const string body = """{"requestId":"00112233-4455-6677-8899-aabbccddeeff",  "prompt":"ünï"}""";
        var message = new OutboxMessage
        {
            MessageId = Guid.NewGuid(),
            ContentType = "application/json",
            Body = body,
        };
        var seen = new Seen();
        using var watching = worker.Services.GetRequiredService<IBusControl>().ConnectReceiveObserver(seen);

        await worker.DeliverAsync(message, "generate-images");

        var context = await seen.Context.Task;
        Assert.Equal(body, context.Body.GetString());
        Assert.Equal(message.MessageId, context.GetMessageId());
        Assert.Equal("application/json", context.ContentType.MediaType);
    }

    private sealed class Seen : IReceiveObserver
    {
        public TaskCompletionSource<ReceiveContext> Context { get; } = new();

        public Task PreReceive(ReceiveContext context)
        {
            Context.TrySetResult(context);
            return Task.CompletedTask;
        }

        public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

        public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
            where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(
            ConsumeContext<T> context,
            TimeSpan duration,
            string consumerType,
            Exception exception
        )
            where T : class => Task.CompletedTask;

        public Task ReceiveFault(ReceiveContext context, Exception exception) => Task.CompletedTask;
    }
}
