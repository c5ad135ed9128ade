using System.Net;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Telemetry;

public sealed class OperationsEndpointsTests(TestServers servers)
{
    private const string Standard = "quality=\"standard\"";

    /// <summary>The names that dashboards and alert rules rely on.</summary>
    private static readonly string[] Names =
    [
        "imageworker_requests_received_total",
        "imageworker_requests_closed_total",
        "imageworker_images_settled_total",
        "imageworker_cost_eur_total",
        "imageworker_cost_estimated_eur_total",
        "imageworker_requests_open",
        "imageworker_submissions_unresolved",
        "imageworker_tick_lateness_seconds_bucket",
        "imageworker_outbox_messages",
        "imageworker_outbox_oldest_age_seconds",
        "imageworker_zpk_call_duration_seconds_bucket",
        "imageworker_zpk_circuit_open",
        "imageworker_zpk_credentials_refused",
        "imageworker_resends_total",
        "imageworker_request_duration_seconds_bucket",
    ];

    [Fact]
    public async Task A_request_with_a_resend_is_in_the_metrics_to_the_cent_and_on_the_page()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync();
        var before = await Scrape.OfAsync(started);
        Assert.Equal(0, before.Value("imageworker_requests_closed_total", "outcome=\"ready\""));
        Assert.Equal(0, before.Value("imageworker_resends_total"));

        var command = WorkerUnderTest.Command("a red fox [general-error 1]", count: 2);
        var ready = (await worker.CloseAsync(command)).As<ImagesReady>();
        // The same again, and one that is refused.
        await worker.CloseAsync(command);
        (await worker.CloseAsync(WorkerUnderTest.Command("a red fox", count: 21))).As<ImagesFailed>();

        await Eventually.PassesAsync(async () =>
        {
            var scrape = await Scrape.OfAsync(started);
            Assert.Equal(2, scrape.Value("imageworker_requests_received_total"));
            Assert.Equal(1, scrape.Value("imageworker_requests_closed_total", "outcome=\"ready\""));
            Assert.Equal(1, scrape.Value("imageworker_requests_closed_total", "outcome=\"InvalidRequest\""));
            Assert.Equal(2, scrape.Value("imageworker_images_settled_total", "status=\"generated\""));
            Assert.Equal(1, scrape.Value("imageworker_resends_total"));
            Assert.Equal(
                (double)ready.Cost.Total!.Value,
                scrape.Value("imageworker_cost_eur_total", "model=\"zpk-ultra\"", Standard),
                precision: 9
            );
            Assert.Equal(
                (double)ready.Cost.Estimated!.Value,
                scrape.Value("imageworker_cost_estimated_eur_total", "model=\"zpk-ultra\"", Standard),
                precision: 9
            );
            Assert.Equal(1, scrape.Value("imageworker_request_duration_seconds_count", "outcome=\"ready\""));
            Assert.Equal(
                2,
                scrape.Value("imageworker_zpk_call_duration_seconds_count", "call=\"generate\"", "outcome=\"accepted\"")
            );
            Assert.Empty(Names.Except(scrape.Names, StringComparer.Ordinal));
        });
        Assert.Equal(3 * 0.038m, ready.Cost.Total);

        var (status, page) = await started.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains($"{command.RequestId}", page, StringComparison.Ordinal);
        Assert.Contains(">0.1140</td>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("red fox", page, StringComparison.Ordinal);

        var (found, details) = await started.GetAsync($"/requests/{command.RequestId}");
        Assert.Equal(HttpStatusCode.OK, found);
        Assert.Contains("resend of image", details, StringComparison.Ordinal);
        Assert.DoesNotContain("red fox", details, StringComparison.Ordinal);
        var (unknown, why) = await started.GetAsync($"/requests/{Guid.NewGuid()}");
        Assert.Equal(HttpStatusCode.NotFound, unknown);
        Assert.StartsWith("there is no request", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readiness_says_what_it_depends_on()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync();

        var (_, body) = await started.GetAsync("/health/ready");

        var checks = JsonDocument.Parse(body).RootElement.GetProperty("checks").EnumerateObject().ToList();
        Assert.Equal(
            ["broker", "credentials", "database", "migrations"],
            checks.Select(check => check.Name).Order(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
        Assert.All(checks, check => Assert.Equal("Healthy", check.Value.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task With_json_logs_every_line_is_json_and_a_request_s_lines_name_its_trace()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = worker.Launch(
            new KeyValuePair<string, string?>("Logging__Console__FormatterName", "json")
        );
        await started.Process.WaitForLineAsync(line => line.Contains("\"Working: ", StringComparison.Ordinal));

        var command = WorkerUnderTest.Command("a red fox");
        await worker.CloseAsync(command);

        var closed = await started.Process.WaitForLineAsync(line =>
            line.Contains($"Request {command.RequestId} closed", StringComparison.Ordinal)
        );
        Assert.All(started.Process.Lines, line => JsonDocument.Parse(line).Dispose());
        Assert.Contains(
            JsonDocument.Parse(closed).RootElement.GetProperty("Scopes").EnumerateArray(),
            scope => scope.TryGetProperty("TraceId", out var id) && id.GetString() is { Length: 32 }
        );
        Assert.DoesNotContain(started.Process.Lines, line => line.Contains("red fox", StringComparison.Ordinal));
    }
}
