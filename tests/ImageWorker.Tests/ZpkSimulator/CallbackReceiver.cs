using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace ImageWorker.Tests.ZpkSimulator;

/// <summary>A subscriber's web server that keeps what is POSTed to it.</summary>
internal sealed class CallbackReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private CallbackReceiver(int status)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(async context =>
        {
            var body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            Received.Enqueue((context.Request.Method, context.Request.ContentType, body.RootElement));
            context.Response.StatusCode = status;
        });
    }

    public ConcurrentQueue<(string Method, string? ContentType, JsonElement Body)> Received { get; } = [];

    public string Address => _app.Urls.Single() + "/done";

    public static async Task<CallbackReceiver> StartAsync(int status = 202)
    {
        var receiver = new CallbackReceiver(status);
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
