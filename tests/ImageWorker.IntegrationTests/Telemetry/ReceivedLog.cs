namespace ImageWorker.IntegrationTests.Telemetry;

/// <summary>A log entry as the backend has it.</summary>
/// <param name="Text">The entry.</param>
/// <param name="TraceId">The trace that it names; empty for none.</param>
/// <param name="SpanId">The span that it names; empty for none.</param>
internal sealed record ReceivedLog(string Text, string TraceId, string SpanId)
{
    public static IEnumerable<ReceivedLog> All(OtlpLogs logs) =>
        from resource in logs.ResourceLogs
        from scope in resource.ScopeLogs
        from record in scope.Records
        select new ReceivedLog(
            $"{record.Body}",
            Convert.ToHexStringLower(record.TraceId),
            Convert.ToHexStringLower(record.SpanId)
        );
}
