using ImageWorker.Hosting;
using ImageWorker.Requests;
using MassTransit;
using MassTransit.Saga;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

public static class EngineRegistration
{
    /// <summary>Adds what runs steps, makes calls, fires timers and delivers events.</summary>
    public static void AddEngine(this IServiceCollection services)
    {
        services.AddSingleton<Stopping>();
        services.AddSingleton<TurnPicker>();
        services.AddSingleton<CallRunner>();
        services.AddSingleton<CommittedMessages>();
        services.AddChecked<WebhookOptions>(WebhookOptions.Section);
        services.AddSingleton<WebhookDelivery>();
        services
            .AddHttpClient(WebhookConnection.HttpClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(provider =>
                WebhookConnection.Handler(provider.GetRequiredService<IOptions<WebhookOptions>>().Value)
            );
        services.AddSingleton<OutboxDelivery>();
        services.AddSingleton<DueTimes>();
        services.AddSingleton<RequestTicker>();
        services.AddSingleton<ISagaRepositoryContextFactory<ImageRequest>, StepRunner>();
        services.AddSingleton<ISagaRepository<ImageRequest>>(provider => new SagaRepository<ImageRequest>(
            provider.GetRequiredService<ISagaRepositoryContextFactory<ImageRequest>>()
        ));
        services.AddHostedService<WorkerService>();
    }
}
