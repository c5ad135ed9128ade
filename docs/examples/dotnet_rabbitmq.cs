#:package RabbitMQ.Client@7.2.1
// Asks for pictures and handles the closing event: dotnet run dotnet_rabbitmq.cs
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

var exchange = Environment.GetEnvironmentVariable("EXCHANGE") ?? "generate-images";
var queue = Environment.GetEnvironmentVariable("QUEUE") ?? "shop-images";
var factory = new ConnectionFactory { Uri = new(Environment.GetEnvironmentVariable("RABBITMQ")!) };
await using var connection = await factory.CreateConnectionAsync();
await using var channel = await connection.CreateChannelAsync(new(true, true)); // with confirms, which are waited for
var quorum = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, quorum);
var id = Guid.NewGuid().ToString(); // keep it with your order: a repeat with the same id is never paid again
var command = Encoding.UTF8.GetBytes($$"""{"requestId":"{{id}}","prompt":"a red fox in the snow","count":2}""");
var trace = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01"; // Activity.Current?.Id, if you trace
var properties = new BasicProperties { ContentType = "application/json", Persistent = true };
properties.Headers = new Dictionary<string, object?> { ["traceparent"] = trace };
try
{
    foreach (var closing in new[] { "ImageWorker.Contracts:ImagesReady", "ImageWorker.Contracts:ImagesFailed" })
        await channel.QueueBindAsync(queue, closing, "");
    // Mandatory and with confirms: the command is on disk once this returns, or an exception says why not.
    await channel.BasicPublishAsync(exchange, "", mandatory: true, properties, command);
    Console.WriteLine($"asked {id}");
}
catch (PublishException failure) when (failure.IsReturn)
{
    Console.Error.WriteLine($"{exchange} leads to no queue: is a worker running?");
    return 1;
}
catch (OperationInterruptedException refusal)
{
    Console.Error.WriteLine($"{refusal.Message}: has a worker run here, and may this user read it?");
    return 1;
}

var closed = new TaskCompletionSource();
var handled = new HashSet<string?>(); // in your database, in the transaction that handles the event: it may come twice
var consumer = new AsyncEventingBasicConsumer(channel);
consumer.ReceivedAsync += async (_, delivery) =>
{
    var closing = JsonNode.Parse(delivery.Body.Span)!["message"]!;
    var made = closing["images"]!.AsArray().Count(image => (string?)image!["status"] == "generated");
    var result = closing["reason"] is { } reason ? $"{reason}" : $"{made} pictures, {closing["cost"]!["total"]} EUR";
    if (handled.Add(delivery.BasicProperties.MessageId))
        Console.WriteLine($"closed {closing["requestId"]}: {result}");
    await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
    if ((string?)closing["requestId"] == id)
        closed.TrySetResult();
};
await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
await closed.Task;
return 0;
