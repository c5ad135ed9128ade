namespace ImageWorker.Telemetry;

/// <summary>What traces may tell; section <c>Telemetry</c>. OpenTelemetry's own settings say where they go.</summary>
public sealed class TelemetryOptions
{
    public const string Section = "Telemetry";

    /// <summary>Whether the span of a command has its prompt, which may be confidential. Default false.</summary>
    public bool IncludePrompts { get; set; }

    /// <summary>
    /// Whether the span of a paid call has OpenTelemetry's attributes for generative AI, <c>gen_ai.*</c>, for tools that
    /// read these. They are not stable yet. Default false.
    /// </summary>
    public bool IncludeGenAi { get; set; }
}
