using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ProtoBuf;

namespace ImageWorker.IntegrationTests.Telemetry;

/// <summary>Takes traces and logs by OTLP over HTTP as Jaeger does, and keeps them.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<ReceivedSpan> _spans = [];
    private readonly List<ReceivedLog> _logs = [];
    private readonly StringBuilder _raw = new();
    private readonly HashSet<string> _signals = new(StringComparer.Ordinal);
    private readonly WebApplication _app;

    private OtlpReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/v1/{signal}", TakeAsync);
    }

    public string Address => _app.Urls.Single();

    /// <summary>What a worker is started with to send everything here, and at once.</summary>
    public KeyValuePair<string, string?>[] Settings => SettingsOf(Address);

    public IReadOnlyList<ReceivedSpan> Spans
    {
        get
        {
            lock (_lock)
            {
                return [.. _spans];
            }
        }
    }

    public IReadOnlyList<ReceivedLog> Logs
    {
        get
        {
            lock (_lock)
            {
                return [.. _logs];
            }
        }
    }

    /// <summary>Every byte that came, those that are text readable.</summary>
    public string Raw
    {
        get
        {
            lock (_lock)
            {
                return _raw.ToString();
            }
        }
    }

    /// <summary>What was sent: <c>traces</c>, <c>metrics</c>, <c>logs</c>.</summary>
    public IReadOnlyList<string> Signals
    {
        get
        {
            lock (_lock)
            {
                return [.. _signals.Order(StringComparer.Ordinal)];
            }
        }
    }

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    /// <summary>What a worker is started with to send everything to this address, and at once.</summary>
    public static KeyValuePair<string, string?>[] SettingsOf(string address) =>
        [
            new("OTEL_EXPORTER_OTLP_ENDPOINT", address),
            new("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            new("OTEL_BSP_SCHEDULE_DELAY", "50"),
            new("OTEL_BLRP_SCHEDULE_DELAY", "50"),
            new("OTEL_METRIC_EXPORT_INTERVAL", "50"),
        ];

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> TakeAsync(string signal, HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        lock (_lock)
        {
            _signals.Add(signal);
            _raw.Append(Encoding.Latin1.GetString(body.ToArray()));
            body.Position = 0;
            if (signal is "traces")
            {
                _spans.AddRange(ReceivedSpan.All(Serializer.Deserialize<OtlpTraces>(body)));
            }
            else if (signal is "logs")
            {
                _logs.AddRange(ReceivedLog.All(Serializer.Deserialize<OtlpLogs>(body)));
            }
        }

        return Results.Bytes([], "application/x-protobuf");
    }
}
