using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Mime;
using System.Security.Cryptography;
using System.Text;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// Posts closing events to tenants, as the Standard Webhooks specification says. Any 2xx is a delivery; anything else is
/// tried again, ever more seldom, until it is given up.
/// </summary>
public sealed partial class WebhookDelivery(
    IHttpClientFactory clients,
    IOptions<TenantOptions> tenants,
    IOptions<WebhookOptions> webhookOptions,
    Database database,
    WorkerMetrics metrics,
    TimeProvider time,
    ILogger<WebhookDelivery> logger
)
{
    private const int LongestAnswer = 200;

    private static readonly TimeSpan LongestDelay = TimeSpan.FromHours(6);

    private readonly WebhookOptions _options = webhookOptions.Value;
    private readonly ConcurrentDictionary<string, bool> _failing = new(StringComparer.Ordinal);

    /// <summary>Tries once, and notes how it went. What is left is tried again from its row.</summary>
    public async Task<WebhookState> DeliverAsync(OutboxMessage message, CancellationToken stopping)
    {
        var tenant = message.WebhookTenant;
        var (state, answer) = tenants.Value.WebhookOf(tenant) is { Url: { } url } webhook
            ? await PostAsync(message, url, webhook, stopping)
            : (WebhookState.GivenUp, "the tenant has no webhook any more");
        var now = time.GetUtcNow();
        var next = now + DelayAfter(message.Attempts);
        if (state is WebhookState.Retrying && next > message.CreatedAt + _options.GiveUpAfter)
            state = WebhookState.GivenUp;
        metrics.Posted(tenant, state);
        Tell(message, tenant, state, answer);
        var outcome = new WebhookOutcome(
            state,
            message.Attempts + 1,
            answer,
            now,
            state is WebhookState.Retrying ? next : null
        );
        await database.InAsync(async db =>
        {
            await db
                .Requests.Where(request => request.CorrelationId == message.CorrelationId)
                .ExecuteUpdateAsync(set => set.SetProperty(request => request.Webhook, outcome), stopping);
            return outcome.NextAt is { } at ? await db.PutOffAsync([message.Id], message.Attempts, at, stopping) : 0;
        });
        return state;
    }

    private async Task<(WebhookState State, string Answer)> PostAsync(
        OutboxMessage message,
        Uri url,
        TenantWebhook webhook,
        CancellationToken stopping
    )
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        timeout.CancelAfter(_options.Timeout);
        try
        {
            using var client = clients.CreateClient(WebhookConnection.HttpClientName);
            using var post = Signed(message, url, webhook);
            using var response = await client.SendAsync(post, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            var answer = $"HTTP {(int)response.StatusCode}";
            return response.IsSuccessStatusCode ? (WebhookState.Delivered, answer)
                // The receiver wants no more.
                : response.StatusCode is HttpStatusCode.Gone ? (WebhookState.GivenUp, answer)
                : (WebhookState.Retrying, answer);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return (WebhookState.Retrying, $"no answer within {_options.Timeout.TotalSeconds} s");
        }
        catch (HttpRequestException problem)
        {
            return (WebhookState.Retrying, ShownText.Of(problem.GetBaseException().Message, LongestAnswer));
        }
    }

    private HttpRequestMessage Signed(OutboxMessage message, Uri url, TenantWebhook webhook)
    {
        var (id, at) = (
            $"{message.MessageId}",
            time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)
        );
        var signed = Encoding.UTF8.GetBytes($"{id}.{at}.{message.Body}");
        var signatures = webhook.Keys().Select(key => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}");
        var post = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new StringContent(message.Body, new UTF8Encoding(false), MediaTypeNames.Application.Json),
        };
        post.Headers.Add("webhook-id", id);
        post.Headers.Add("webhook-timestamp", at);
        post.Headers.Add("webhook-signature", string.Join(' ', signatures));
        post.Headers.Add("User-Agent", "ImageWorker");
        if (message.TraceParent is { } parent)
            post.Headers.Add(RequestTracing.TraceParent, parent);
        return post;
    }

    private TimeSpan DelayAfter(int attempts)
    {
        var delay = _options.RetryDelay * Math.Pow(4, Math.Min(attempts, 12));
        return delay < LongestDelay ? delay : LongestDelay;
    }

    /// <summary>A failure once an outage, but each event that is given up.</summary>
    private void Tell(OutboxMessage message, string tenant, WebhookState state, string answer)
    {
        var wasFailing = _failing.GetValueOrDefault(tenant);
        _failing[tenant] = state is not WebhookState.Delivered;
        switch (state)
        {
            case WebhookState.GivenUp:
                Log.GivenUp(logger, message.CorrelationId, tenant, answer);
                break;
            case WebhookState.Retrying when !wasFailing:
                Log.Fails(logger, tenant, answer);
                break;
            case WebhookState.Delivered when wasFailing:
                Log.Delivers(logger, tenant);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "The webhook of tenant {Tenant} fails: {Answer}. Its posts are tried again for a while (Webhooks:GiveUpAfter); events are published all the same, and other tenants do not wait"
        )]
        public static partial void Fails(ILogger logger, string tenant, string answer);

        [LoggerMessage(2, LogLevel.Information, "The webhook of tenant {Tenant} takes its posts again")]
        public static partial void Delivers(ILogger logger, string tenant);

        [LoggerMessage(
            3,
            LogLevel.Warning,
            "Request {RequestId}: its closing event is not posted to tenant {Tenant} any more: {Answer}"
        )]
        public static partial void GivenUp(ILogger logger, Guid? requestId, string tenant, string answer);
    }
}
