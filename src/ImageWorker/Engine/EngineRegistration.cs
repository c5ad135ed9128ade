using ImageWorker.Hosting;
using ImageWorker.Requests;
using MassTransit;
using MassTransit.Saga;

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
