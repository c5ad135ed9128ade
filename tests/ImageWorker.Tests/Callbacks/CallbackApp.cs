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
    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());

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
                    withSaga ? TakeAsync(context) : throw new TimeoutException("the database is away")
                )
            )
        );
        _app = builder.Build();
        _app.MapCallbacks();
    }

    public FakeTimeProvider Clock { get; } = new();

    public ConcurrentQueue<CallbackReceived> Hints { get; } = [];

    public CallbackEndpoint Endpoint => _app.Services.GetRequiredService<CallbackEndpoint>();

    public CallbackTokens Tokens => _app.Services.GetRequiredService<CallbackTokens>();

    public ZpkOptions Zpk => _app.Services.GetRequiredService<IOptions<ZpkOptions>>().Value;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<CallbackApp> StartAsync(bool withSaga = true)
    {
        var callbacks = new CallbackApp(withSaga);
        await callbacks._app.StartAsync(Ct);
        callbacks.Zpk.CallbackBaseUrl = new Uri(callbacks._app.Urls.Single());
        return callbacks;
    }

    /// <summary>The address that ZPK is given for a submission.</summary>
    public async Task<Uri> AddressAsync(Guid requestId, string submissionId) =>
        await Endpoint.AddressForAsync(requestId, submissionId) ?? throw new InvalidOperationException("no address");

    /// <summary>The address with this in the place of a token.</summary>
    public Uri AddressWith(string token) => new(Zpk.CallbackBaseUrl!, $"zpk/callbacks/{Uri.EscapeDataString(token)}");

    public async Task<HttpStatusCode> PostAsync(Uri address, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = body };
        using var response = await _http.SendAsync(request, Ct);
        return response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    private Task TakeAsync(ConsumeContext<CallbackReceived> context)
    {
        Hints.Enqueue(context.Message);
        return Task.CompletedTask;
    }
}
