using System.Diagnostics;
using System.Net.Http.Json;
using ImageWorker.IntegrationTests.Requests;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.IntegrationTests.Deploy;

/// <summary>An Alertmanager with the file that Compose gives it, Debian's package in place of the image.</summary>
public sealed class AlertmanagerTests
{
    private const string Program = "/usr/bin/prometheus-alertmanager";

    [Fact]
    public async Task The_receiver_hears_of_an_alert_and_not_of_what_follows_from_it()
    {
        Assert.SkipUnless(File.Exists(Program), "No Alertmanager: it is in Debian's package prometheus-alertmanager.");
        using var folder = new EmptyFolder();
        await using var receiver = await WebhookReceiver.StartAsync(_ => Results.Ok());
        await File.WriteAllTextAsync(
            folder.At("alertmanager.yml"),
            File.ReadAllText(Checkout.At("deploy", "monitoring", "alertmanager.yml"))
                // Debian 12's, 0.25, reads no address from a file. And nobody here waits for half a minute.
                .Replace("url_file: /run/alerts/webhook-url", $"url: {receiver.Url}", StringComparison.Ordinal)
                .Replace("group_wait: 30s", "group_wait: 1s", StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );
        var address = $"127.0.0.1:{LoopbackPort.Free()}";
        await using var alertmanager = ChildProcess.Start(
            new ProcessStartInfo(
                Program,
                [
                    $"--config.file={folder.At("alertmanager.yml")}",
                    $"--storage.path={folder.At("data")}",
                    $"--web.listen-address={address}",
                    "--cluster.listen-address=",
                ]
            )
        );

        await using var services = new ServiceCollection().AddHttpClient().BuildServiceProvider();
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient();
        await Eventually.PassesAsync(async () =>
        {
            using var answer = await client.PostAsJsonAsync(
                $"http://{address}/api/v2/alerts",
                new[] { Alert("ImageWorkerReplicaDown"), Alert("ImageWorkerDown") },
                TestContext.Current.CancellationToken
            );
            answer.EnsureSuccessStatusCode();
        });
        await Eventually.HoldsAsync(() => receiver.Posts.Count > 0);

        var told = Assert.Single(receiver.Posts).Json;
        Assert.Equal("firing", told.GetProperty("status").GetString());
        var alert = Assert.Single(told.GetProperty("alerts").EnumerateArray());
        Assert.Equal("ImageWorkerDown", alert.GetProperty("labels").GetProperty("alertname").GetString());
    }

    private static object Alert(string name) => new { labels = new { alertname = name, job = "imageworker" } };
}
