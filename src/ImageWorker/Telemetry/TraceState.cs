using System.Text.RegularExpressions;
using ImageWorker.Storage;

namespace ImageWorker.Telemetry;

/// <summary>The W3C's <c>tracestate</c>: what tracing systems tell each other of a trace.</summary>
public static partial class TraceState
{
    public const string Header = "tracestate";

    private const int MaxMembers = 32;

    /// <summary>The text if it keeps to the W3C's rules and is not too long; else null, as for no text.</summary>
    public static string? Valid(string? text)
    {
        if (text is not { Length: > 0 and <= ImageRequestMap.MaxTraceState })
            return null;
        var members = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var keys = members.Select(member => member.Split('=')[0]).ToHashSet(StringComparer.Ordinal);
        return members.Length is > 0 and <= MaxMembers && keys.Count == members.Length && members.All(Member.IsMatch)
            ? text
            : null;
    }

    [GeneratedRegex(
        @"\A[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}\z",
        RegexOptions.None,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Member { get; }
}
