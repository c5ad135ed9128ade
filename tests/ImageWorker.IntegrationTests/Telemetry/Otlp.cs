using ProtoBuf;

namespace ImageWorker.IntegrationTests.Telemetry;

/// <summary>What OTLP sends of traces, as far as tests ask: opentelemetry/proto/collector/trace/v1.</summary>
[ProtoContract]
internal sealed class OtlpTraces
{
    [ProtoMember(1)]
    public List<OtlpResourceSpans> ResourceSpans { get; } = [];
}

[ProtoContract]
internal sealed class OtlpResourceSpans
{
    [ProtoMember(1, IsRequired = true)]
    public OtlpResource Resource { get; set; } = new();

    [ProtoMember(2)]
    public List<OtlpScopeSpans> ScopeSpans { get; } = [];
}

[ProtoContract]
internal sealed class OtlpResource
{
    [ProtoMember(1)]
    public List<OtlpAttribute> Attributes { get; } = [];
}

[ProtoContract]
internal sealed class OtlpScopeSpans
{
    [ProtoMember(2)]
    public List<OtlpSpan> Spans { get; } = [];
}

[ProtoContract]
internal sealed class OtlpSpan
{
    [ProtoMember(1)]
    public byte[] TraceId { get; set; } = [];

    [ProtoMember(2)]
    public byte[] SpanId { get; set; } = [];

    [ProtoMember(4)]
    public byte[] ParentSpanId { get; set; } = [];

    [ProtoMember(5)]
    public string Name { get; set; } = "";

    [ProtoMember(6)]
    public int Kind { get; set; }

    [ProtoMember(7, DataFormat = DataFormat.FixedSize)]
    public ulong StartTimeUnixNano { get; set; }

    [ProtoMember(8, DataFormat = DataFormat.FixedSize)]
    public ulong EndTimeUnixNano { get; set; }

    [ProtoMember(9)]
    public List<OtlpAttribute> Attributes { get; } = [];

    [ProtoMember(15, IsRequired = true)]
    public OtlpStatus Status { get; set; } = new();
}

/// <summary>The same of logs: opentelemetry/proto/collector/logs/v1.</summary>
[ProtoContract]
internal sealed class OtlpLogs
{
    [ProtoMember(1)]
    public List<OtlpResourceLogs> ResourceLogs { get; } = [];
}

[ProtoContract]
internal sealed class OtlpResourceLogs
{
    [ProtoMember(2)]
    public List<OtlpScopeLogs> ScopeLogs { get; } = [];
}

[ProtoContract]
internal sealed class OtlpScopeLogs
{
    [ProtoMember(2)]
    public List<OtlpLogRecord> Records { get; } = [];
}

[ProtoContract]
internal sealed class OtlpLogRecord
{
    [ProtoMember(5, IsRequired = true)]
    public OtlpValue Body { get; set; } = new();

    [ProtoMember(9)]
    public byte[] TraceId { get; set; } = [];

    [ProtoMember(10)]
    public byte[] SpanId { get; set; } = [];
}

[ProtoContract]
internal sealed class OtlpStatus
{
    [ProtoMember(3)]
    public int Code { get; set; }
}

[ProtoContract]
internal sealed class OtlpAttribute
{
    [ProtoMember(1)]
    public string Key { get; set; } = "";

    [ProtoMember(2, IsRequired = true)]
    public OtlpValue Value { get; set; } = new();
}

[ProtoContract]
internal sealed class OtlpValue
{
    [ProtoMember(1)]
    public string? Text { get; set; }

    [ProtoMember(2)]
    public bool? Truth { get; set; }

    [ProtoMember(3)]
    public long? Whole { get; set; }

    [ProtoMember(4)]
    public double? Number { get; set; }

    [ProtoMember(5)]
    public OtlpList? List { get; set; }

    public override string ToString() =>
        Text
        ?? Whole?.ToString(System.Globalization.CultureInfo.InvariantCulture)
        ?? Number?.ToString(System.Globalization.CultureInfo.InvariantCulture)
        ?? List?.ToString()
        ?? $"{Truth}";
}

[ProtoContract]
internal sealed class OtlpList
{
    [ProtoMember(1)]
    public List<OtlpValue> Values { get; } = [];

    public override string ToString() => string.Join(',', Values);
}
