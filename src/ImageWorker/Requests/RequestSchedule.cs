using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>
/// When a request needs attention again. ZPK's rule: wait the <c>wait_time</c>, read it again each time.
/// </summary>
public static class RequestSchedule
{
    private static readonly TimeSpan CallbackInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Sets the next check of a submission from the waits that ZPK named. The check covers the earliest wait and those
    /// that end soon after it. It sets none once no image of the submission is running.
    /// </summary>
    public static void ScheduleCheck(
        this ImageRequest request,
        ImageSubmission submission,
        ZpkAnswer answer,
        DateTimeOffset answeredAt,
        RequestOptions options
    )
    {
        submission.Failures = 0;
        submission.NextCheckAt = null;
        submission.WaitingSince = null;
        submission.HurriedBy = null;

        var said = answer
            .ImagesOf(submission)
            .ToLookup(entry => submission.ImageNumbers[entry.Index], entry => entry.Said);
        var asked = request
            .ImagesRunningIn(submission)
            .Select(image => said[image.Number].LastOrDefault()?.WaitTime)
            .ToList();
        submission.WaitTime = asked.Min();
        var waits = asked
            .Select(wait => Clamp(wait ?? options.DefaultWait, options.MinWait, options.MaxWait))
            .Order()
            .ToList();
        if (waits.Count == 0)
            return;

        var soonAfter = waits[0] + Max(options.MinWait, waits[0] * options.CoalesceShare);
        submission.WaitingSince = answeredAt;
        submission.NextCheckAt = answeredAt + waits.FindLast(wait => wait <= soonAfter);
    }

    /// <summary>
    /// Has a submission checked now because of a callback, and never later than planned. Callbacks are not trusted:
    /// they bring a request one check a second at most, so this one keeps a second from every other.
    /// </summary>
    public static void PullCheckForward(this ImageRequest request, ImageSubmission submission, DateTimeOffset now)
    {
        var soonest = now;
        var others = request
            .Submissions.SelectMany(other =>
                (DateTimeOffset?[])[other.CheckedAt, other == submission ? null : other.NextCheckAt]
            )
            .OfType<DateTimeOffset>();
        foreach (var other in others.Order())
        {
            if ((other - soonest).Duration() < CallbackInterval)
                soonest = other + CallbackInterval;
        }

        if (soonest < submission.NextCheckAt)
            (submission.NextCheckAt, submission.HurriedBy) = (soonest, RequestWait.Callback);
    }

    /// <summary>The base wait, doubled for each further failure, at most the longest; ZPK's time if later.</summary>
    public static DateTimeOffset BackOff(
        this ImageSubmission submission,
        DateTimeOffset now,
        DateTimeOffset? notBefore,
        RequestOptions options
    )
    {
        submission.WaitingSince = now;
        submission.HurriedBy = null;
        submission.WaitTime = null;
        var backoff = now + Doubled(options.Backoff, submission.Failures++, options.MaxBackoff);
        return notBefore > backoff ? notBefore.Value : backoff;
    }

    /// <summary>
    /// When to resend an image that ended with GENERAL_ERROR: "after a few seconds", doubled each time.
    /// </summary>
    public static DateTimeOffset ResendTime(this RequestImage image, DateTimeOffset now, RequestOptions options) =>
        now + Doubled(options.ResendBackoff, image.Attempts - 1, options.MaxBackoff);

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan longest) =>
        Clamp(first * Math.Pow(2, Math.Min(times, 16)), TimeSpan.Zero, longest);

    private static TimeSpan Clamp(TimeSpan value, TimeSpan low, TimeSpan high) =>
        value < low ? low
        : value > high ? high
        : value;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
