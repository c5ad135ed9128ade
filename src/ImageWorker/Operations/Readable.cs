using System.Globalization;
using ImageWorker.Contracts;
using ImageWorker.Requests;

namespace ImageWorker.Operations;

/// <summary>Times and sums as people read them; the same everywhere.</summary>
public static class Readable
{
    public static string Time(DateTimeOffset? at) =>
        at?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "";

    /// <summary>
    /// In its largest unit: <c>45 s</c>, <c>12 min</c>, <c>7 h</c>, <c>3 d</c>. A <c>-</c> before it means past.
    /// </summary>
    public static string Span(TimeSpan span)
    {
        var size = span.Duration();
        var (value, unit) = size switch
        {
            { TotalMinutes: < 1.5 } => (size.TotalSeconds, "s"),
            { TotalHours: < 1.5 } => (size.TotalMinutes, "min"),
            { TotalDays: < 1.5 } => (size.TotalHours, "h"),
            _ => (size.TotalDays, "d"),
        };
        var sign = span < TimeSpan.Zero && value >= 0.5 ? "-" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{value:0} {unit}");
    }

    /// <summary>To three digits: <c>0.38 s</c>, <c>12.4 s</c>, <c>3 min 20 s</c>, <c>7 h 5 min</c>.</summary>
    public static string Exactly(TimeSpan span)
    {
        var sign = span < TimeSpan.Zero ? "-" : "";
        var size = span.Duration();
        return sign
            + size switch
            {
                { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{size.TotalSeconds:0.##} s"),
                { TotalSeconds: < 59.95 } => string.Create(CultureInfo.InvariantCulture, $"{size.TotalSeconds:0.#} s"),
                { TotalHours: < 1 } => Two((int)size.TotalMinutes, "min", size.Seconds, "s"),
                { TotalDays: < 2 } => Two((int)size.TotalHours, "h", size.Minutes, "min"),
                _ => Two((int)size.TotalDays, "d", size.Hours, "h"),
            };

        static string Two(int large, string unit, int small, string smallUnit) =>
            small == 0 ? $"{large} {unit}" : $"{large} {unit} {small} {smallUnit}";
    }

    /// <summary>A number of things: <c>12,345</c>.</summary>
    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>The same with its name: <c>1 image</c>, <c>12,345 images</c>.</summary>
    public static string Count(long count, string thing) => $"{Count(count)} {thing}{(count == 1 ? "" : "s")}";

    /// <summary>A part of a drawing, as SVG has it.</summary>
    public static string Percent(double percent) => string.Create(CultureInfo.InvariantCulture, $"{percent:0.###}%");

    /// <summary>How an outcome is shown: a request that was cancelled is neither good nor bad.</summary>
    public static string? MarkOf(string? outcome) =>
        outcome switch
        {
            null or nameof(FailureReason.Cancelled) => null,
            RequestOutcome.Ready => "good",
            _ => "bad",
        };

    /// <summary>Every digit that counts, and at least four: <c>0.1140</c>; <c>unknown</c> for null.</summary>
    public static string Cost(decimal? eur) =>
        eur?.ToString("0.0000########################", CultureInfo.InvariantCulture) ?? "unknown";
}
