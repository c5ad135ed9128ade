using ImageWorker.Zpk.Callbacks;

namespace ImageWorker.Callbacks;

public static class CallbackRegistration
{
    public static void AddCallbacks(this IServiceCollection services)
    {
        services.AddSingleton<CallbackTokens>();
        services.AddSingleton<CallbackThrottle>();
        services.AddSingleton<CallbackEndpoint>();
    }

    public static void MapCallbacks(this WebApplication app) =>
        app.MapPost(
            "/zpk/callbacks/{token}",
            (string token, CallbackEndpoint endpoint, CancellationToken ct) => endpoint.Receive(token, ct)
        );
}
