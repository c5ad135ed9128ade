using ImageWorker.Hosting;
using ImageWorker.Requests;
using MassTransit;
using Microsoft.Extensions.Options;

namespace ImageWorker.Saga;

public static class SagaRegistration
{
    /// <summary>Adds the state machine, behind its door.</summary>
    public static void AddSaga(this IServiceCollection services)
    {
        services.AddChecked<RequestOptions>(RequestOptions.Section);
        services.AddSingleton<IValidateOptions<RequestOptions>, ClosingGraceRule>();
        services.AddTenants();
        services.AddSingleton<RequestSteps>();
        services.AddSingleton<RequestStateMachine>();
        services.AddSingleton(provider =>
        {
            LogContext.ConfigureCurrentLogContextIfNull(provider);
            return Bus.Factory.CreateMediator(mediator =>
                mediator.StateMachineSaga(
                    provider.GetRequiredService<RequestStateMachine>(),
                    provider.GetRequiredService<ISagaRepository<ImageRequest>>()
                )
            );
        });
        services.AddSingleton<RequestDoor>();
    }
}
