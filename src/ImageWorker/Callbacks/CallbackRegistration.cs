using ImageWorker.Zpk.Callbacks;
using Microsoft.AspNetCore.Mvc;

namespace ImageWorker.Callbacks;

public static class CallbackRegistration
{
    // Bodies are not read. One larger than this is not even let through.
    private const int MaxBodyBytes = 1024 * 1024;

    public static void AddCallbacks(this IServiceCollection services)
    {
        services.AddSingleton<CallbackTokens>();
        services.AddSingleton<CallbackThrottle>();
        services.AddSingleton<CallbackEndpoint>();
    }

    public static void MapCallbacks(this WebApplication app) =>
        app.MapPost(
                "/zpk/callbacks/{token}",
                (string token, CallbackEndpoint endpoint, CancellationToken ct) => endpoint.ReceiveAsync(token, ct)
            )
            .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes));
}
