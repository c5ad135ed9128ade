using System.Text.Json;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;

namespace ImageWorker.IntegrationTests.Telemetry;

public sealed class TraceTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string PublisherSpan = "00f067aa0ba902b7";
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
                traceParent: $"00-{TraceId}-{PublisherSpan}-01"
            );
            await Eventually.PassesAsync(async () =>
                Assert.Equal("Generating", await _worker.QueryAsync("SELECT state FROM requests"))
            );
            foreach (var name in (string[])["process generate-images", "submit", "POST"])
                await Eventually.HoldsAsync(() => backend.Spans.Any(span => span.Name == name));
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
        var received = Assert.Single(trace, span => span.Name is "process generate-images");
        Assert.Equal((SpanKind.Consumer, PublisherSpan), (received.Kind, received.ParentId));
        Assert.Equal(
            $"rabbitmq process accepted {command.RequestId} {command.RequestId}",
            Values(
                received,
                "messaging.system",
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
        Assert.All(
            submits.Concat(checks),
            span => Assert.Contains(trace, call => call.Kind is SpanKind.Client && call.ParentId == span.Id)
        );

        // Each wait lies between what asked for it and what ended it, over the restart too.
        var waits = own.Where(span => span.Name is "wait").ToList();
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

        var published = Assert.Single(own, span => span.Name is "publish ImagesReady");
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

        // What the steps log is found by the trace too, resends and the closing among it.
        foreach (var step in (string[])["resends image 1", "closed: ImagesReady"])
            Assert.Contains(
                second.Process.Lines,
                line =>
                    line.Contains(step, StringComparison.Ordinal)
                    && line.Contains($"\"TraceId\":\"{TraceId}\"", StringComparison.Ordinal)
            );

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
