using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Operations;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Submission;
using MassTransit;
using MassTransit.Mediator;
using MassTransit.Saga;
using MassTransit.Serialization;
using MassTransit.Serialization.JsonConverters;

namespace ImageWorker.Delivery;

/// <summary>How messages reach the saga: commands by the bus and its two queues, all else within the process by the mediator.</summary>
public static class MessagingRegistration
{
    private static readonly Lock JsonOptionsLock = new();

    public static void AddMessaging(this IServiceCollection services, string? rabbitMq)
    {
        UseJsonNumbers();
        services.AddSingleton<Queues>();
        services.AddSingleton<PendingCalls>();
        services.AddSingleton<CallRunner>();
        services.AddSingleton<CommittedMessages>();
        services.AddSingleton<OutboxDelivery>();
        services.AddSingleton<DueTimes>();
        services.AddSingleton<RequestTicker>();
        services.AddSingleton<RequestSteps>();
        services.AddSingleton<RequestStateMachine>();
        services.AddSingleton<RequestStore>();
        services.AddSingleton<StepRetries>();
        services.AddSingleton<ISagaRepositoryContextFactory<ImageRequest>, RequestRepository>();
        services.AddSingleton<ISagaRepository<ImageRequest>>(provider => new SagaRepository<ImageRequest>(
            provider.GetRequiredService<ISagaRepositoryContextFactory<ImageRequest>>()
        ));
        services.AddSingleton<WorkerIdentity>();
        services.AddSingleton<ZpkGate>();
        services.AddSingleton<SubmissionLedger>();
        services.AddSingleton<SubmissionPace>();
        services.AddSingleton<SubmitImagesConsumer>();
        services.AddSingleton<CheckImagesConsumer>();

        services.AddSingleton(Mediator);
        services.AddMassTransit(bus =>
        {
            bus.AddReceiveObserver<PutAsideLog>();
            bus.ConfigureHealthCheckOptions(check => check.Name = HealthEndpoints.Broker);
            if (rabbitMq is null)
                bus.UsingInMemory((context, memory) => AddEndpoints(context, memory));
            else
                bus.UsingRabbitMq(
                    (context, rabbit) =>
                    {
                        rabbit.UseBroker(rabbitMq);
                        AddEndpoints(context, rabbit);
                    }
                );
        });
        // The bus starts once the database is ready, and stops before the outbox does: WorkerService sees to both.
        services.RemoveMassTransitHostedService();
    }

    /// <summary>What travels within this process: work, its answers, and ticks.</summary>
    private static IMediator Mediator(IServiceProvider provider)
    {
        LogContext.ConfigureCurrentLogContextIfNull(provider);
        return Bus.Factory.CreateMediator(mediator =>
        {
            AddSaga(mediator, provider);
            mediator.Consumer(provider.GetRequiredService<SubmitImagesConsumer>);
            mediator.Consumer(provider.GetRequiredService<CheckImagesConsumer>);
        });
    }

    private static void AddSaga(IReceiveEndpointConfigurator endpoint, IServiceProvider provider) =>
        endpoint.StateMachineSaga(
            provider.GetRequiredService<RequestStateMachine>(),
            provider.GetRequiredService<ISagaRepository<ImageRequest>>()
        );

    /// <summary>
    /// MassTransit's own converter writes decimals as strings. Its options are the process's and closed to changes once
    /// used, so that they are replaced rather than changed.
    /// </summary>
    public static void UseJsonNumbers()
    {
        lock (JsonOptionsLock)
            SystemTextJsonMessageSerializer.Options = WithJsonNumbers(SystemTextJsonMessageSerializer.Options);
    }

    /// <summary>The options with decimals as JSON numbers; the same options when they have that already.</summary>
    public static JsonSerializerOptions WithJsonNumbers(JsonSerializerOptions options)
    {
        if (options.Converters.Any(converter => converter is DecimalJsonConverter))
            return options;
        var changed = new JsonSerializerOptions(options);
        foreach (var converter in options.Converters.OfType<StringDecimalJsonConverter>())
            changed.Converters.Remove(converter);
        changed.Converters.Add(new DecimalJsonConverter());
        return changed;
    }

    private static void AddEndpoints<TEndpoint>(IBusRegistrationContext context, IReceiveConfigurator<TEndpoint> bus)
        where TEndpoint : IReceiveEndpointConfigurator
    {
        var queues = context.GetRequiredService<Queues>();
        var options = context.GetRequiredService<Microsoft.Extensions.Options.IOptions<QueueOptions>>().Value;

        Receive(queues.GenerateImages, TakeCommand<GenerateImages>);
        Receive(queues.CancelImages, TakeCommand<CancelImages>);

        void Receive(string queue, Action<IReceiveEndpointConfigurator> takeCommand) =>
            bus.ReceiveEndpoint(
                queue,
                endpoint =>
                {
                    // Only commands are published by others.
                    endpoint.ConfigureConsumeTopology = false;
                    endpoint.ConcurrentMessageLimit = options.Concurrency;
                    endpoint.PrefetchCount = options.Concurrency * 2;
                    if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit)
                        SetQueueArguments(rabbit, queue, options.DeliveryLimit);
                    takeCommand(endpoint);
                    AddSaga(endpoint, context);
                }
            );
    }

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

    private static void TakeCommand<T>(IReceiveEndpointConfigurator endpoint)
        where T : class
    {
        var bareJson = new BareJson<T>();
        endpoint.AddDeserializer(bareJson);
        endpoint.DefaultContentType = bareJson.ContentType;
        if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit)
            rabbit.Bind<T>();
        else if (endpoint is IInMemoryReceiveEndpointConfigurator memory)
            memory.Bind<T>();
    }
}
