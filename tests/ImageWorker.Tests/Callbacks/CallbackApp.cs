using System.Collections.Concurrent;
using System.Net;
using ImageWorker.Callbacks;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Tests.Zpk;
using ImageWorker.Zpk;
using ImageWorker.Zpk.Callbacks;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Callbacks;

/// <summary>The worker's callback address on a port of its own, and what it hands on to the saga.</summary>
internal sealed class CallbackApp : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler());

    private CallbackApp(bool withSaga)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddLogging().AddRouting().AddSingleton<TimeProvider>(Clock);
        builder.Services.AddZpkImages(zpk =>
            (zpk.ApplicationId, zpk.ApiKey) = (ClientUnderTest.ApplicationId, ClientUnderTest.ApiKey)
        );
        builder.Services.AddCallbacks();
        builder.Services.AddSingleton<RequestDoor>();
        builder.Services.AddSingleton(
            Bus.Factory.CreateMediator(mediator =>
                mediator.Handler<CallbackReceived>(context =>
                    withSaga ? Take(context) : throw new TimeoutException("the database is away")
                )
            )
        );
        app = builder.Build();
        app.MapCallbacks();
    }

    public FakeTimeProvider Clock { get; } = new();

    public ConcurrentQueue<CallbackReceived> Hints { get; } = [];

    public CallbackEndpoint Endpoint => app.Services.GetRequiredService<CallbackEndpoint>();

    public CallbackTokens Tokens => app.Services.GetRequiredService<CallbackTokens>();

    public ZpkOptions Zpk => app.Services.GetRequiredService<IOptions<ZpkOptions>>().Value;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<CallbackApp> StartAsync(bool withSaga = true)
    {
        var callbacks = new CallbackApp(withSaga);
        await callbacks.app.StartAsync(Ct);
        callbacks.Zpk.CallbackBaseUrl = new Uri(callbacks.app.Urls.Single());
        return callbacks;
    }

    /// <summary>The address that ZPK is given for a submission.</summary>
    public async Task<Uri> AddressAsync(Guid requestId, string submissionId) =>
        await Endpoint.AddressFor(requestId, submissionId) ?? throw new InvalidOperationException("no address");

    /// <summary>The address with this in the place of a token.</summary>
    public Uri AddressWith(string token) => new(Zpk.CallbackBaseUrl!, $"zpk/callbacks/{Uri.EscapeDataString(token)}");

    public async Task<HttpStatusCode> PostAsync(Uri address, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = body };
        using var response = await http.SendAsync(request, Ct);
        return response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
    }

    private Task Take(ConsumeContext<CallbackReceived> context)
    {
        Hints.Enqueue(context.Message);
        return Task.CompletedTask;
    }
}
