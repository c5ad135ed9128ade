using System.Globalization;

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

    /// <summary>Every digit that counts, and at least four: <c>0.1140</c>; <c>unknown</c> for null.</summary>
    public static string Cost(decimal? eur) =>
        eur?.ToString("0.0000########################", CultureInfo.InvariantCulture) ?? "unknown";
}
