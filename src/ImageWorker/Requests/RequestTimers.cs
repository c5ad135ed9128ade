namespace ImageWorker.Requests;

/// <summary>Lists every time that a request waits for.</summary>
public static class RequestTimers
{
    /// <summary>The timers that run; none for a request that is closed or has no command yet.</summary>
    public static IEnumerable<RequestTimer> Timers(this ImageRequest request)
    {
        if (request.ClosedAt is not null || request.Command is null)
            yield break;
        yield return request.CloseBy is { } closeBy
            ? new(TimerKind.Grace, closeBy)
            : new(TimerKind.Deadline, request.Deadline);
        // Who waits for its turn is picked; nothing of it comes due.
        if (request.IsWaiting())
            yield break;
        foreach (var submission in request.Submissions)
        {
            if (submission.NextSubmitAt is { } submitAt)
                yield return new(TimerKind.Submit, submitAt, submission);
            if (submission.NextCheckAt is { } checkAt)
                yield return new(TimerKind.Check, checkAt, submission);
        }
        foreach (var image in request.Images)
        {
            if (image.ResendAt is { } resendAt)
                yield return new(TimerKind.Resend, resendAt, Image: image);
        }
    }

    /// <summary>The timers that came due.</summary>
    public static List<RequestTimer> Due(this ImageRequest request, DateTimeOffset now) =>
        [.. request.Timers().Where(timer => timer.At <= now)];

    /// <summary>The earliest time at which a timer of an open request comes due.</summary>
    public static DateTimeOffset NextTick(this ImageRequest request) => request.Timers().Min(timer => timer.At);

    /// <summary>
    /// Makes everything that the request waits for due now, because an operator asks. Payments stay guarded: a call in
    /// doubt is looked up sooner, but made again no sooner than it may be.
    /// </summary>
    public static void HurryUp(this ImageRequest request, DateTimeOffset now)
    {
        foreach (var timer in request.Timers().Where(timer => timer.At > now).ToList())
            timer.HurryUp(now);
        request.NextTickAt = now;
        // A tick under way knows nothing of this change, so it must become stale.
        request.Version++;
    }

    /// <summary>What a tick finds.</summary>
    /// <param name="request">The request as it is stored.</param>
    /// <param name="tick">The tick.</param>
    /// <param name="now">The step's time.</param>
    public static TickVerdict VerdictOn(this ImageRequest request, RequestTick tick, DateTimeOffset now)
    {
        if (tick.Version != request.Version)
            return TickVerdict.Stale;
        var due = request.Due(now);
        if (due.Exists(timer => timer.Kind is TimerKind.Grace) && tick.HeldBackUntil > now)
            return TickVerdict.HeldBack;
        return due.Exists(timer => timer.Kind is TimerKind.Grace or TimerKind.Deadline) ? TickVerdict.TimeIsUp
            : request.CloseBy is null && due.Count > 0 && due.TrueForAll(timer => timer.Kind is TimerKind.Check)
                ? TickVerdict.OnlyChecks
            : TickVerdict.InTime;
    }
}

/// <summary>Something that a request waits for.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="At">When it comes due.</param>
/// <param name="Submission">The submission that the timer is for, if any.</param>
/// <param name="Image">The image that the timer is for, if any.</param>
public readonly record struct RequestTimer(
    TimerKind Kind,
    DateTimeOffset At,
    ImageSubmission? Submission = null,
    RequestImage? Image = null
)
{
    /// <summary>What happens when it comes due, for people.</summary>
    public string What =>
        Kind switch
        {
            TimerKind.Grace => "closes without the answers that are still missing",
            TimerKind.Deadline => "deadline",
            TimerKind.Submit => $"{Submission!.Id} is {(Submission.InDoubt ? "looked up" : "tried again")}",
            TimerKind.Check => $"{Submission!.Id} is checked",
            _ => $"image {Image!.Number} is resent",
        };

    /// <summary>Moves the timer forward because an operator asks.</summary>
    public void HurryUp(DateTimeOffset now)
    {
        MoveTo(now);
        if (Submission is not null)
            Submission.HurriedBy = RequestWait.Operator;
        if (Image is not null)
            Image.HurriedBy = RequestWait.Operator;
    }

    /// <summary>Moves the timer. The deadline and the grace do not move.</summary>
    public void MoveTo(DateTimeOffset at)
    {
        switch (Kind)
        {
            case TimerKind.Submit:
                Submission!.NextSubmitAt = at;
                break;
            case TimerKind.Check:
                Submission!.NextCheckAt = at;
                break;
            case TimerKind.Resend:
                Image!.ResendAt = at;
                break;
        }
    }
}

public enum TimerKind
{
    /// <summary>The request must stop: <see cref="ImageRequest.Deadline"/>.</summary>
    Deadline,

    /// <summary>A stopped request closes without the answers that are missing: <see cref="ImageRequest.CloseBy"/>.</summary>
    Grace,

    /// <summary>A submission is handed on, or looked up: <see cref="ImageSubmission.NextSubmitAt"/>.</summary>
    Submit,

    /// <summary>A submission is checked: <see cref="ImageSubmission.NextCheckAt"/>.</summary>
    Check,

    /// <summary>An image is resent: <see cref="RequestImage.ResendAt"/>.</summary>
    Resend,
}

/// <summary>What a tick finds. A step has one verdict, so that its guards cannot disagree.</summary>
public enum TickVerdict
{
    /// <summary>The row has changed since the tick was set.</summary>
    Stale,

    /// <summary>The deadline has passed or, in a request that was stopped, its grace.</summary>
    TimeIsUp,

    /// <summary>The grace has passed, but calls to ZPK are held back.</summary>
    HeldBack,

    /// <summary>Checks are due, and nothing else.</summary>
    OnlyChecks,

    /// <summary>The step does everything that is due.</summary>
    InTime,
}
