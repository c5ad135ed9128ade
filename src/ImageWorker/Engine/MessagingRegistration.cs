using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Telemetry;
using MassTransit;
using MassTransit.Middleware;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>Adds the bus and its two queues. Each queue takes its own command and nothing else.</summary>
public static class MessagingRegistration
{
    public static void AddMessaging(this IServiceCollection services, string? rabbitMq)
    {
        JsonNumbers.Use();
        services.AddQueueNames();
        services.AddChecked<ReplyOptions>(ReplyOptions.Section);
        services.AddSingleton<ReplyAddresses>();
        services.AddSingleton<ReplySender>();
        services.AddSingleton<GenerateImagesConsumer>();
        services.AddSingleton<CancelImagesConsumer>();
        services.AddSingleton<BrokerState>();
        services.AddSingleton<BrokerTopology>();
        services.AddSingleton<PrefetchedMessages>();
        services.AddSingleton<PooledMemory>();
        services.AddSingleton<LargeMessages>();
        services.AddSingleton<LateAcknowledgement>();
        services.AddSingleton<BrokerRoad>();
        services.AddMassTransit(bus =>
        {
            // By itself MassTransit reports to its makers.
            bus.DisableUsageTelemetry();
            bus.AddReceiveObserver<PutAsideLog>();
            bus.AddReceiveEndpointObserver(provider => provider.GetRequiredService<BrokerState>());
            // It says ready before anything is consumed. BrokerState knows better.
            bus.ConfigureHealthCheckOptions(check => check.Tags.Add("masstransit"));
            if (rabbitMq is null)
                bus.UsingInMemory((context, memory) => AddQueues(context, memory));
            else
                bus.UsingRabbitMq(
                    (context, rabbit) =>
                    {
                        rabbit.UseBroker(rabbitMq, context.GetRequiredService<BrokerRoad>().OpenAsync);
                        AddQueues(context, rabbit);
                    }
                );
        });
        // WorkerService starts the bus once the database is ready, and stops it before the outbox.
        services.RemoveMassTransitHostedService();
    }

    private static void AddQueues<TEndpoint>(IBusRegistrationContext context, IReceiveConfigurator<TEndpoint> bus)
        where TEndpoint : IReceiveEndpointConfigurator
    {
        var queues = context.GetRequiredService<Queues>();
        var options = context.GetRequiredService<IOptions<QueueOptions>>().Value;
        var metrics = context.GetRequiredService<WorkerMetrics>();
        var large = context.GetRequiredService<LargeMessages>();
        var late = context.GetRequiredService<LateAcknowledgement>();

        Receive<GenerateImages>(queues.GenerateImages, context.GetRequiredService<GenerateImagesConsumer>());
        Receive<CancelImages>(queues.CancelImages, context.GetRequiredService<CancelImagesConsumer>());

        void Receive<T>(string queue, IConsumer<CommandRead<T>> consumer)
            where T : class, new() =>
            bus.ReceiveEndpoint(
                queue,
                endpoint =>
                {
                    endpoint.ConfigureConsumeTopology = false;
                    // What cannot be read takes no place from a command.
                    endpoint.ConcurrentMessageLimit = queues.PrefetchOf(queue);
                    endpoint.UseConcurrencyLimit(queues.ConcurrencyOf(queue));
                    endpoint.PrefetchCount = queues.PrefetchOf(queue);
                    TakeOnly<T>(endpoint, options.MaxBody);
                    endpoint.ConfigureReceive(receive =>
                    {
                        receive.UseFilter(late);
                        receive.UseFilter(large);
                    });
                    metrics.Dropped(queue, 0);
                    PutAside(endpoint, ActivatorUtilities.CreateInstance<UnreadableMessages>(context, queue));
                    if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit)
                    {
                        SetQueueArguments(rabbit, queue, options.DeliveryLimit);
                        // The type's exchange is one for all prefixes: each of them would pay for what is published there.
                        if (!queues.HasPrefix)
                            rabbit.Bind<T>();
                    }
                    else if (endpoint is IInMemoryReceiveEndpointConfigurator memory)
                        memory.Bind<T>();
                    endpoint.Instance(consumer);
                }
            );
    }

    private static void TakeOnly<T>(IReceiveEndpointConfigurator endpoint, int maxBody)
        where T : class, new()
    {
        endpoint.ClearSerialization();
        var bareJson = new CommandDeserializer<T>(isEnvelope: false, maxBody);
        endpoint.AddSerializer(bareJson);
        endpoint.AddDeserializer(bareJson);
        endpoint.AddDeserializer(new CommandDeserializer<T>(isEnvelope: true, maxBody));
        endpoint.DefaultContentType = bareJson.ContentType;
        // A message that fails is logged and put aside. Publishers are told by events alone.
        endpoint.PublishFaults = false;
    }

    /// <summary>As MassTransit does by itself, but for what cannot be read and for user ids.</summary>
    private static void PutAside(IReceiveEndpointConfigurator endpoint, UnreadableMessages unreadable) =>
        endpoint.ConfigureError(error =>
        {
            error.UseFilter(new GenerateFaultFilter());
            error.UseFilter(unreadable);
            error.UseFilter(new PutAsideWithoutUser());
            error.UseFilter(new ErrorTransportFilter());
        });

    private static void SetQueueArguments(
        IRabbitMqReceiveEndpointConfigurator endpoint,
        string queue,
        int deliveryLimit
    )
    {
        endpoint.SetQuorumQueue();
        endpoint.SetQueueArgument("x-delivery-limit", deliveryLimit);
        endpoint.BindDeadLetterQueue(
            $"{queue}_dead",
            $"{queue}_dead",
            dead => dead.SetQueueArgument("x-queue-type", "quorum")
        );
    }
}
