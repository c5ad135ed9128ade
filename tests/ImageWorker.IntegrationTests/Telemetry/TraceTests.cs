using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;

namespace ImageWorker.IntegrationTests.Telemetry;

public sealed class TraceTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string PublisherSpan = "00f067aa0ba902b7";
    private const string TraceState = "vendor=a1, other@vendor=b2";
    private const string Generate = "POST /api/images/generate";
    private const string Check = "POST /api/images/check-status";
    private const string UniqueRequestId = "imageworker.unique_request_id";

    private static readonly KeyValuePair<string, string?>[] TracesAlone =
    [
        new("OTEL_METRICS_EXPORTER", "none"),
        new("OTEL_LOGS_EXPORTER", "none"),
        new("Logging__Console__FormatterName", "json"),
    ];

    private readonly WorkerUnderTest _worker = surroundings.Worker;

    [Fact]
    public async Task A_request_with_a_resend_and_a_killed_worker_is_one_trace_from_its_publisher_to_its_subscriber()
    {
        await using var backend = await OtlpReceiver.StartAsync();
        var command = WorkerUnderTest.Command("a red fox [general-error 1] [seconds 3]", count: 2);

        await using (var first = await _worker.StartAsync([.. backend.Settings, .. TracesAlone]))
        {
            await _worker.Commands.SendBodyAsync(
                JsonSerializer.Serialize(command, JsonSerializerOptions.Web),
                messageId: $"{command.RequestId}",
                traceParent: $"00-{TraceId}-{PublisherSpan}-01",
                traceState: TraceState
            );
            await Eventually.PassesAsync(async () =>
                Assert.Equal(
                    "Generating",
                    await _worker.QueryAsync($"SELECT state FROM requests WHERE id = '{command.RequestId}'")
                )
            );
            foreach (var name in (string[])["process ", "submit", Generate])
                await Eventually.HoldsAsync(() =>
                    backend.Spans.Any(span => span.Name.StartsWith(name, StringComparison.Ordinal))
                );
            await first.Process.KillAsync();
        }

        await using var second = await _worker.StartAsync([
            .. backend.Settings,
            .. TracesAlone,
            new("Delivery__TickPatience", "00:00:00.1"),
        ]);
        var closing = await _worker.ClosedOnceAsync(command);
        // Whatever it has not sent and logged yet, it does before it ends.
        second.Process.Terminate();
        Assert.Equal(0, await second.Process.WaitForExitAsync());

        var trace = backend.Spans.Where(span => span.TraceId == TraceId).OrderBy(span => span.Start).ToList();
        TestContext.Current.TestOutputHelper!.WriteLine(string.Join('\n', trace));
        var received = Assert.Single(trace, span => span.Kind is SpanKind.Consumer);
        Assert.Equal($"process {received["messaging.destination.name"]}", received.Name);
        Assert.All(trace, span => Assert.StartsWith("imageworker 1.", span.Service, StringComparison.Ordinal));
        var broker = new Uri(_worker.Settings["ConnectionStrings__RabbitMq"]!);
        Assert.Equal((SpanKind.Consumer, PublisherSpan), (received.Kind, received.ParentId));
        Assert.Equal(
            $"rabbitmq {broker.Host} {broker.Port} process accepted {command.RequestId} {command.RequestId}",
            Values(
                received,
                "messaging.system",
                "server.address",
                "server.port",
                "messaging.operation.type",
                "imageworker.outcome",
                "imageworker.request.id",
                "messaging.message.id"
            )
        );
        Assert.EndsWith("generate-images", received["messaging.destination.name"], StringComparison.Ordinal);

        // Two workers, and what either did later is below what the first one received.
        var own = trace.Where(span => span.Kind is not SpanKind.Client && span != received).ToList();
        Assert.All(own, span => Assert.Equal((received.Id, false), (span.ParentId, span.IsError)));
        Assert.Equal(2, trace.Select(span => span.Process).Distinct(StringComparer.Ordinal).Count());

        var submits = own.Where(span => span.Name is "submit").ToList();
        Assert.Equal("0,1 1", Each(submits, "imageworker.image_numbers"));
        Assert.Equal("1 2", Each(submits, "imageworker.attempt"));
        Assert.Equal("0.076 0.038", Each(submits, "imageworker.cost"));
        Assert.All(submits, span => Assert.Equal("accepted", span["imageworker.outcome"]));
        Assert.Equal(
            string.Join(' ', _worker.PaidFor(command).Submissions.Select(paid => paid.UniqueRequestId)),
            Each(submits, UniqueRequestId)
        );

        var checks = own.Where(span => span.Name is "check").ToList();
        Assert.All(checks, span => Assert.Equal("found", span["imageworker.outcome"]));
        Assert.Equal("1", checks[^1]["imageworker.images.ready"]);
        Assert.All(submits, span => Assert.Contains(trace, call => IsCallIn(span, call, Generate, isPaid: true)));
        Assert.All(checks, span => Assert.Contains(trace, call => IsCallIn(span, call, Check, isPaid: false)));

        // Each wait lies between what asked for it and what ended it, over the restart too.
        var waits = own.Where(span => span.Name.StartsWith("wait for ", StringComparison.Ordinal)).ToList();
        Assert.Equal(checks.Count, waits.Count(wait => wait.Name is "wait for pictures"));
        Assert.Equal(1, waits.Count(wait => wait.Name is "wait for resend"));
        Assert.Equal(checks.Count, waits.Count(wait => wait["imageworker.wait.for"] is "check"));
        Assert.Equal(1, waits.Count(wait => wait["imageworker.wait.for"] is "resend"));
        Assert.Equal(checks.Count + 1, waits.Count);
        Assert.All(waits, wait => Assert.Contains(submits.Concat(checks), span => IsEndOf(wait, span)));
        var restarted = waits[0];
        Assert.Equal(submits[0][UniqueRequestId], restarted[UniqueRequestId]);
        Assert.False(restarted.Process == submits[0].Process, "The second worker ended the wait.");
        Assert.True(restarted.Start >= submits[0].Start && restarted.Start <= submits[0].End);
        Assert.Equal(
            (restarted.End - restarted.Start).TotalSeconds,
            restarted.Number("imageworker.wait.planned") + restarted.Number("imageworker.lateness"),
            tolerance: 0.001
        );
        Assert.True(restarted.Number("imageworker.wait_time") > 0);

        var published = Assert.Single(own, span => span.Name is "publish ImageWorker.Contracts:ImagesReady");
        Assert.Equal(SpanKind.Producer, published.Kind);
        Assert.Equal(
            $"rabbitmq ImageWorker.Contracts:ImagesReady {closing.MessageId} ready 0.114 2",
            Values(
                published,
                "messaging.system",
                "messaging.destination.name",
                "messaging.message.id",
                "imageworker.outcome",
                "imageworker.cost",
                "imageworker.images.ready"
            )
        );
        Assert.Equal($"00-{TraceId}-{published.Id}-01", closing.TraceParent);
        Assert.Equal(closing.TraceParent, closing.ActivityId);
        Assert.Equal(TraceState, closing.TraceState);

        // What the steps log is found by the trace too, resends and the closing among it.
        foreach (var step in (string[])["resends image 1", "closed: ImagesReady"])
            Assert.Contains(
                second.Process.Lines,
                line =>
                    line.Contains(step, StringComparison.Ordinal)
                    && line.Contains($"\"TraceId\":\"{TraceId}\"", StringComparison.Ordinal)
            );

        Assert.DoesNotContain("masstransit", backend.Raw, StringComparison.Ordinal);
        Assert.Equal("traces", Assert.Single(backend.Signals));
        Assert.DoesNotContain("red fox", backend.Raw, StringComparison.Ordinal);
        Assert.DoesNotContain(_worker.Settings["Zpk__ApiKey"]!, backend.Raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unless_told_otherwise_logs_metrics_and_traces_go_there_and_the_databases_password_does_not()
    {
        await using var backend = await OtlpReceiver.StartAsync();
        var database = new NpgsqlConnectionStringBuilder(_worker.Settings["ConnectionStrings__Postgres"])
        {
            PersistSecurityInfo = true,
        };
        // Where the server trusts everybody on this machine, any will do.
        database.Password ??= "open-sesame";

        await using var worker = await _worker.StartAsync([
            .. backend.Settings,
            new("ConnectionStrings__Postgres", database.ConnectionString),
        ]);
        await worker.GetAsync("/");

        await Eventually.HoldsAsync(() => string.Join(' ', backend.Signals) == "logs metrics traces");
        await Eventually.HoldsAsync(() => backend.Spans.Any(span => span.Name is "postgresql"));
        await Eventually.HoldsAsync(() => backend.Raw.Contains("db.client.connection", StringComparison.Ordinal));
        Assert.DoesNotContain(database.Password, backend.Raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_becomes_of_a_request_its_log_names_spans_that_are_exported()
    {
        await using var backend = await OtlpReceiver.StartAsync();
        await using var worker = await _worker.StartAsync([
            .. backend.Settings,
            new("Logging__LogLevel__ImageWorker", "Debug"),
        ]);
        var resent = WorkerUnderTest.Command("a red fox [general-error 1]", count: 2);
        var late = WorkerUnderTest.Command("a slow fox [seconds 60]") with { TimeoutSeconds = 2 };
        var cancelled = WorkerUnderTest.Command("a slow fox [seconds 60]");
        var refused = WorkerUnderTest.Command("a red fox", count: 21);

        foreach (var command in (GenerateImages[])[resent, late, cancelled, refused])
            await _worker.Commands.SendBodyAsync(JsonSerializer.Serialize(command, JsonSerializerOptions.Web));
        await Eventually.HoldsAsync(() =>
            backend.Logs.Any(log =>
                log.Text.StartsWith($"Request {cancelled.RequestId} submitted", StringComparison.Ordinal)
            )
        );
        await _worker.Commands.CancelAsync(cancelled.RequestId);
        foreach (var command in (GenerateImages[])[resent, late, cancelled, refused])
            await _worker.ClosedOnceAsync(command);
        worker.Process.Terminate();
        Assert.Equal(0, await worker.Process.WaitForExitAsync());

        var exported = backend.Spans.Select(span => (span.TraceId, span.Id)).ToHashSet();
        var onSpans = backend.Logs.Where(log => log.SpanId is not "").ToList();
        Assert.DoesNotContain(onSpans, log => !exported.Contains((log.TraceId, log.SpanId)));
        foreach (var step in (string[])["accepted", "submitted", "checked", "resends", "cancelled", "passed", "closed"])
            Assert.Contains(onSpans, log => log.Text.Split(' ')[2].TrimEnd(':') == step);

        var spans = backend.Spans.ToLookup(span => span["imageworker.request.id"], StringComparer.Ordinal);
        var early = spans[$"{cancelled.RequestId}"].Single(span => span.Name is "wait for pictures");
        Assert.Equal("cancellation", early["imageworker.wait.ended_by"]);
        Assert.DoesNotContain(spans[$"{cancelled.RequestId}"], span => span.IsError);
        Assert.DoesNotContain(spans[$"{refused.RequestId}"], span => span.IsError);
        Assert.Contains(
            spans[$"{late.RequestId}"],
            span => span is { IsError: true, Name: "publish ImageWorker.Contracts:ImagesFailed" }
        );
        Assert.All(
            backend.Spans.Where(span => span.Attributes.ContainsKey("imageworker.lateness")),
            wait => Assert.True(wait.Number("imageworker.lateness") >= 0)
        );
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("always_off", false)]
    public async Task Metrics_name_traces_unless_told_otherwise(string? filter, bool areNamed)
    {
        await using var backend = await OtlpReceiver.StartAsync();
        await using var worker = await _worker.StartAsync([
            .. backend.Settings,
            new("OTEL_METRICS_EXEMPLAR_FILTER", filter),
        ]);
        await _worker.CloseAsync(WorkerUnderTest.Command("a red fox"));

        var (_, metrics) = await worker.GetAsync("/metrics", accept: "application/openmetrics-text; version=1.0.0");

        var accepted = metrics
            .Split('\n')
            .Where(line =>
                line.StartsWith("imageworker_zpk_call_duration_seconds_bucket", StringComparison.Ordinal)
                && line.Contains("outcome=\"accepted\"", StringComparison.Ordinal)
            )
            .ToList();
        Assert.NotEmpty(accepted);
        var named = accepted.Where(line => line.Contains("# {", StringComparison.Ordinal)).ToList();
        Assert.Equal(areNamed, named.Count > 0);
        await Eventually.HoldsAsync(() =>
            named.TrueForAll(line =>
                backend.Spans.Any(span =>
                    span.Name is "submit" && line.Contains(span.TraceId, StringComparison.Ordinal)
                )
            )
        );
    }

    private static bool IsCallIn(ReceivedSpan span, ReceivedSpan call, string name, bool isPaid) =>
        call.Kind is SpanKind.Client
        && call.ParentId == span.Id
        && call.Name == name
        && call["imageworker.paid"] == $"{isPaid}"
        && call["http.response.status_code"] is "200";

    private static string Values(ReceivedSpan span, params string[] attributes) =>
        string.Join(' ', attributes.Select(attribute => span[attribute]));

    private static string Each(IEnumerable<ReceivedSpan> spans, string attribute) =>
        string.Join(' ', spans.Select(span => span[attribute]));

    private static bool IsEndOf(ReceivedSpan wait, ReceivedSpan call) =>
        call.Name == (wait["imageworker.wait.for"] is "check" ? "check" : "submit")
        && call[UniqueRequestId] == wait[UniqueRequestId]
        && call.Start >= wait.End
        && call.Start - wait.End < TimeSpan.FromSeconds(2);
}
