using System.Globalization;

namespace ImageWorker.IntegrationTests.Telemetry;

/// <summary>A span as the backend has it, its ids in the hexadecimal of <c>traceparent</c>.</summary>
/// <param name="Process">Tells apart which process it is from.</param>
/// <param name="Service">The service's name and version.</param>
/// <param name="TraceId">The trace.</param>
/// <param name="Id">The span's own id.</param>
/// <param name="ParentId">Its parent's; empty for none.</param>
/// <param name="Name">The span's name.</param>
/// <param name="Kind">The span's kind by its name in OTLP.</param>
/// <param name="Start">When it began.</param>
/// <param name="End">When it ended.</param>
/// <param name="IsError">Whether its status is error.</param>
/// <param name="Attributes">Numbers in the invariant culture, lists with commas.</param>
internal sealed record ReceivedSpan(
    string Process,
    string Service,
    string TraceId,
    string Id,
    string ParentId,
    string Name,
    SpanKind Kind,
    DateTimeOffset Start,
    DateTimeOffset End,
    bool IsError,
    IReadOnlyDictionary<string, string> Attributes
)
{
    private const int Error = 2;

    public string this[string attribute] => Attributes.GetValueOrDefault(attribute) ?? "";

    public double Number(string attribute) => double.Parse(this[attribute], CultureInfo.InvariantCulture);

    public static IEnumerable<ReceivedSpan> All(OtlpTraces traces) =>
        from resource in traces.ResourceSpans
        let about = ByKey(resource.Resource.Attributes)
        from scope in resource.ScopeSpans
        from span in scope.Spans
        select new ReceivedSpan(
            about["service.instance.id"],
            $"{about["service.name"]} {about["service.version"]}",
            Convert.ToHexStringLower(span.TraceId),
            Convert.ToHexStringLower(span.SpanId),
            Convert.ToHexStringLower(span.ParentSpanId),
            span.Name,
            (SpanKind)span.Kind,
            At(span.StartTimeUnixNano),
            At(span.EndTimeUnixNano),
            span.Status.Code == Error,
            ByKey(span.Attributes)
        );

    public override string ToString() =>
        $"{Start:HH:mm:ss.fff} {End - Start:ss\\.fff} {Id} under {ParentId} {Name} {string.Join(' ', Attributes)}";

    private static Dictionary<string, string> ByKey(IEnumerable<OtlpAttribute> attributes) =>
        attributes.ToDictionary(entry => entry.Key, entry => $"{entry.Value}", StringComparer.Ordinal);

    private static DateTimeOffset At(ulong nanoseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / TimeSpan.NanosecondsPerTick));
}

internal enum SpanKind
{
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}
