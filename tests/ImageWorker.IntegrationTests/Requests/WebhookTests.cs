using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Telemetry;
using ImageWorker.IntegrationTests.Workers;
using Microsoft.AspNetCore.Http;
using StandardWebhooks;

namespace ImageWorker.IntegrationTests.Requests;

/// <summary>A tenant's closing events are posted to it too. The specification's own package judges the signatures.</summary>
public sealed class WebhookTests(TestServers servers) : IAsyncLifetime
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw3TnE8dbwdkY=";
    private const string OldSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD4gI3i3Z1Bqg=";

    private readonly Surroundings _surroundings = new(servers);

    private WorkerUnderTest Worker => _surroundings.Worker;

    [Fact]
    public async Task The_closing_event_is_posted_signed_and_operators_see_it()
    {
        await using var receiver = await WebhookReceiver.StartAsync(_ => Results.Ok());
        await using var started = await StartAsync(
            receiver.Url,
            new KeyValuePair<string, string?>("Tenants__shop__Webhook__Secret", $"{Secret} {OldSecret}")
        );
        var command = Command("a red fox");

        var @event = await Worker.CloseAsync(command);

        await Eventually.HoldsAsync(() => receiver.Posts.Count > 0);
        var post = Assert.Single(receiver.Posts);
        var at = DateTimeOffset.FromUnixTimeSeconds(long.Parse($"{post.Headers["webhook-timestamp"]}"));
        Assert.Equal(
            $"{new StandardWebhook(Secret).Sign(post.Id, at, post.Body)} {new StandardWebhook(OldSecret).Sign(post.Id, at, post.Body)}",
            $"{post.Headers["webhook-signature"]}"
        );
        Assert.Equal(($"{@event.MessageId}", "/hooks"), (post.Id, post.Path));
        Assert.Equal("application/json; charset=utf-8", $"{post.Headers.ContentType}");
        Assert.Equal("images.ready", post.Json.GetProperty("type").GetString());
        Assert.Equal($"{@event.Message}", $"{post.Json.GetProperty("data")}");
        await Worker.SettledAsync();
        await ShownAsync(command, "Delivered\t1\tHTTP 200\t");
        Assert.Equal(1, await PostsAsync(started, "delivered"));
        Assert.DoesNotContain(started.Process.Lines, line => line.Contains("MfKQ9r8G", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refused_command_is_posted_and_other_tenants_are_not()
    {
        await using var receiver = await WebhookReceiver.StartAsync(_ => Results.NoContent());
        await using var started = await StartAsync(receiver.Url);

        await Worker.CloseAsync(WorkerUnderTest.Command("a red fox") with { Tenant = "other" });
        await Worker.CloseAsync(WorkerUnderTest.Command("a red fox"));
        await Worker.CloseAsync(Command("a red fox") with { Count = 99 });

        await Eventually.HoldsAsync(() => receiver.Posts.Count > 0);
        var post = Assert.Single(receiver.Posts).Json;
        Assert.Equal("images.failed", post.GetProperty("type").GetString());
        Assert.Equal("InvalidRequest", post.GetProperty("data").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task One_that_fails_is_tried_again_under_the_same_id_and_no_redirect_is_followed()
    {
        await using var elsewhere = await WebhookReceiver.StartAsync(_ => Results.Ok());
        await using var receiver = await WebhookReceiver.StartAsync(post =>
            post switch
            {
                1 => Results.StatusCode(503),
                2 => Results.Redirect($"{elsewhere.Url}", preserveMethod: true),
                _ => Results.Ok(),
            }
        );
        await using var started = await StartAsync(receiver.Url);
        var command = Command("a red fox");

        await Worker.CloseAsync(command);

        await Eventually.HoldsAsync(() => receiver.Posts.Count == 3);
        await Worker.SettledAsync();
        Assert.Single(receiver.Posts.Select(post => post.Id).Distinct(StringComparer.Ordinal));
        Assert.All(receiver.Posts, post => new StandardWebhook(Secret).Verify(post.Body, post.Headers));
        Assert.Empty(elsewhere.Posts);
        await ShownAsync(command, "Delivered\t3\tHTTP 200\t");
        Assert.Equal(2, await PostsAsync(started, "failed"));
    }

    [Fact]
    public async Task A_receiver_that_is_down_delays_nobody_and_gets_its_posts_after_a_restart()
    {
        await using var other = await WebhookReceiver.StartAsync(_ => Results.Ok());
        var port = LoopbackPort.Free();
        var down = new Uri($"http://127.0.0.1:{port}/hooks");
        var command = Command("a red fox");
        await using (var started = await StartAsync(down, Other(other)))
        {
            await Worker.Commands.SendAsync(command);
            await Eventually.HoldsAsync(() => Worker.Events.ClosingsOf(command.RequestId).Count > 0);
            await Worker.Commands.SendAsync(Command("a blue fox") with { Tenant = "other" });
            await Eventually.HoldsAsync(() => other.Posts.Count == 1);
            await started.Process.WaitForLineAsync(line =>
                line.Contains("The webhook of tenant shop fails", StringComparison.Ordinal)
            );
            await started.Process.KillAsync();
        }
        await using var receiver = await WebhookReceiver.StartAsync(_ => Results.Ok());

        await using var next = await StartAsync(receiver.Url);

        await Eventually.HoldsAsync(() => receiver.Posts.Count > 0);
        await Worker.SettledAsync();
        Assert.Equal(command.RequestId, receiver.Posts[0].Json.GetProperty("data").GetProperty("requestId").GetGuid());
        await ShownAsync(command, "Delivered\t");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task What_only_the_worker_can_reach_is_not_connected_to_and_is_given_up_in_time(string host)
    {
        await using var receiver = await WebhookReceiver.StartAsync(_ => Results.Ok());
        await using var started = await StartAsync(
            new UriBuilder("https", host, receiver.Url.Port).Uri,
            new("Webhooks__AllowPrivate", "false"),
            new("Webhooks__GiveUpAfter", "00:00:01")
        );
        var command = Command("a red fox");

        await Worker.CloseAsync(command);
        await Worker.SettledAsync();

        Assert.Empty(receiver.Posts);
        await ShownAsync(command, "its host leads to this machine or into a private network");
        Assert.Equal(1, await PostsAsync(started, "given_up"));
    }

    public ValueTask InitializeAsync() => _surroundings.InitializeAsync();

    public ValueTask DisposeAsync() => _surroundings.DisposeAsync();

    private static GenerateImages Command(string prompt) => WorkerUnderTest.Command(prompt) with { Tenant = "shop" };

    private static KeyValuePair<string, string?>[] Other(WebhookReceiver receiver) =>
        [new("Tenants__other__Webhook__Url", $"{receiver.Url}"), new("Tenants__other__Webhook__Secret", OldSecret)];

    private Task<StartedWorker> StartAsync(Uri url, params KeyValuePair<string, string?>[] settings) =>
        Worker.StartAsync([
            new("Tenants__shop__Webhook__Url", $"{url}"),
            new("Tenants__shop__Webhook__Secret", Secret),
            new("Webhooks__AllowPrivate", "true"),
            new("Webhooks__RetryDelay", "00:00:00.1"),
            .. settings,
        ]);

    private async Task ShownAsync(GenerateImages command, string text)
    {
        await using var show = WorkerProgram.Start(["requests", "show", $"{command.RequestId}"], Worker.Settings);
        Assert.Equal(0, await show.WaitForExitAsync());
        Assert.Contains(show.OutputLines, line => line.Contains(text, StringComparison.Ordinal));
    }

    private static async Task<double> PostsAsync(StartedWorker started, string outcome) =>
        (await Scrape.OfAsync(started)).Value(
            "imageworker_webhook_posts_total",
            $"outcome=\"{outcome}\"",
            "tenant=\"shop\""
        );
}
