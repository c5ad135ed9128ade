#:package MassTransit.RabbitMQ@8.5.12
#:project ../../src/ImageWorker.Contracts/ImageWorker.Contracts.csproj
#:property PublishAot=false
// Asks for pictures and handles the closing event: dotnet run dotnet_masstransit.cs
using System.Diagnostics;
using ImageWorker.Contracts;
using MassTransit;

var exchange = Environment.GetEnvironmentVariable("EXCHANGE") ?? "generate-images";
var queue = Environment.GetEnvironmentVariable("QUEUE") ?? "shop-images";
var id = Guid.NewGuid(); // keep it with your order: a repeat with the same id is never paid again
var closed = new TaskCompletionSource();
var handled = new System.Collections.Concurrent.ConcurrentDictionary<Guid, bool>(); // in your database: an event may come twice
var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
{
    rabbit.Host(new Uri(Environment.GetEnvironmentVariable("RABBITMQ")!));
    rabbit.ReceiveEndpoint(queue, Receive);
});
await bus.StartAsync();
var worker = await bus.GetSendEndpoint(new($"exchange:{exchange}?type=fanout"));
var trace = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01"; // set by itself, if you trace
var command = new GenerateImages { RequestId = id, Prompt = "a red fox in the snow" };
try
{
    // Mandatory and with confirms, MassTransit's default: the command is on disk once this returns.
    await worker.Send(command, context => Prepare(context));
    Console.WriteLine($"asked {id}");
}
catch (MessageReturnedException)
{
    Console.Error.WriteLine($"{exchange} leads to no queue: is a worker running?");
    return 1;
}
await closed.Task;
await bus.StopAsync();
return 0;
void Prepare(SendContext context)
{
    context.GetPayload<RabbitMqSendContext>().Mandatory = true;
    context.Headers.Set("traceparent", trace);
}

void Receive(IRabbitMqReceiveEndpointConfigurator endpoint)
{
    endpoint.SetQuorumQueue();
    endpoint.Handler<ImagesReady>(ready => Handle(ready.MessageId, ready.Message.RequestId, Result(ready.Message)));
    endpoint.Handler<ImagesFailed>(no => Handle(no.MessageId, no.Message.RequestId, $"{no.Message.Reason}"));
}

async Task Handle(Guid? messageId, Guid requestId, string result)
{
    if (handled.TryAdd(messageId!.Value, true))
        await Console.Out.WriteLineAsync($"closed {requestId}: {result}");
    if (requestId == id)
        closed.TrySetResult();
}

string Result(ImagesReady ready) => $"{ready.Images.Count(one => one.Url != null)} pictures, {ready.Cost.Total} EUR";
