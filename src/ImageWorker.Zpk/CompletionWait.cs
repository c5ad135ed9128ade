namespace ImageWorker.Zpk;

/// <summary>How long to wait between two checks of one submission.</summary>
internal static class CompletionWait
{
    /// <summary>How many checks in a row may fail, each after its own retries, before the wait gives up.</summary>
    public const int MaxFailures = 5;

    /// <summary>Where nothing says how long, such as an image without <c>wait_time</c>.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(5);

    // An unfinished image may report 0, and an estimate is only that: check within a minute whatever it says.
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Until the first unfinished image is due.</summary>
    public static TimeSpan Until(ZpkAnswer answer) =>
        Within(answer.Images.Where(image => !image.IsSettled).Min(image => image.WaitTime ?? Default));

    public static TimeSpan Within(TimeSpan wait) =>
        TimeSpan.FromTicks(Math.Clamp(wait.Ticks, Shortest.Ticks, Longest.Ticks));
}
