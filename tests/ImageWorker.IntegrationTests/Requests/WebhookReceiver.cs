using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ImageWorker.IntegrationTests.Requests;

/// <summary>A tenant's server that takes posts, and answers as it is told.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<WebhookPost> _posts = [];
    private readonly WebApplication _app;

    private WebhookReceiver(Func<int, IResult> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapFallback(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync(context.RequestAborted);
            _posts.Enqueue(
                new(context.Request.Path, new HeaderDictionary(context.Request.Headers.ToDictionary()), body)
            );
            await answer(_posts.Count).ExecuteAsync(context);
        });
    }

    public Uri Url => new($"{_app.Urls.Single()}/hooks");

    public IReadOnlyList<WebhookPost> Posts => [.. _posts];

    /// <summary>Starts one.</summary>
    /// <param name="answer">The answer to the first post, the second, and so on.</param>
    public static async Task<WebhookReceiver> StartAsync(Func<int, IResult> answer)
    {
        var receiver = new WebhookReceiver(answer);
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>What was posted.</summary>
internal sealed record WebhookPost(string Path, IHeaderDictionary Headers, string Body)
{
    public string Id => $"{Headers["webhook-id"]}";

    public JsonElement Json => JsonElement.Parse(Body);
}
