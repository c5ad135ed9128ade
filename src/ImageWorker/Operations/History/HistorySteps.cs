using ImageWorker.Storage;

namespace ImageWorker.Operations.History;

/// <summary>The steps of time of each span.</summary>
public static class HistorySteps
{
    public static TimeSpan Step(this HistorySpan span) =>
        span switch
        {
            HistorySpan.Hour => TimeSpan.FromMinutes(1),
            HistorySpan.Day => TimeSpan.FromMinutes(15),
            _ => TimeSpan.FromHours(6),
        };

    /// <summary>How many steps a plot shows.</summary>
    public static int Count(this HistorySpan span) =>
        span switch
        {
            HistorySpan.Hour => 60,
            HistorySpan.Day => 96,
            _ => 124,
        };

    /// <summary>The beginning of the step that a time is in.</summary>
    public static DateTimeOffset BeginningOf(this HistorySpan span, DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % span.Step().Ticks), TimeSpan.Zero);

    /// <summary>The first step of a plot that ends now.</summary>
    public static DateTimeOffset FirstOf(this HistorySpan span, DateTimeOffset now) =>
        span.BeginningOf(now) - (span.Step() * (span.Count() - 1));
}
