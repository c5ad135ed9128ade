namespace ImageWorker.Requests;

/// <summary>A pause in which nothing of a request is done.</summary>
/// <param name="For">What is waited for, one of the words below.</param>
/// <param name="Next">What comes after it, if nothing ends it before: <c>submit</c>, <c>resend</c> or <c>check</c>.</param>
/// <param name="Since">When it began.</param>
/// <param name="Due">Its planned end; null if it has none.</param>
public sealed record RequestWait(string For, string Next, DateTimeOffset Since, DateTimeOffset? Due)
{
    /// <summary>For ZPK, which is making the pictures.</summary>
    public const string Pictures = "pictures";

    /// <summary>For the time to submit an image once more that ended with GENERAL_ERROR.</summary>
    public const string Resend = "resend";

    /// <summary>For the request's first turn.</summary>
    public const string Turn = "turn";

    /// <summary>For the next try, after a call that did not succeed.</summary>
    public const string Retry = "retry";

    /// <summary>For the end of a call that another process may be making.</summary>
    public const string Answer = "answer";

    /// <summary>Ends a wait: ZPK called back.</summary>
    public const string Callback = "callback";

    /// <summary>Ends a wait: an operator asked for it.</summary>
    public const string Operator = "operator";

    /// <summary>Ends a wait: the request's deadline passed.</summary>
    public const string Deadline = "deadline";

    /// <summary>Ends a wait: the request was cancelled.</summary>
    public const string Cancellation = "cancellation";

    /// <summary>Ends a wait: the request closed without the answer.</summary>
    public const string Closing = "closing";

    /// <summary>The submission that waits; null if it is not made yet.</summary>
    public string? SubmissionId { get; init; }

    /// <summary>The images that wait, by their numbers in the request.</summary>
    public IReadOnlyList<int> ImageNumbers { get; init; } = [];

    /// <summary>The wait that ZPK asked for; null if it named none.</summary>
    public TimeSpan? WaitTime { get; init; }

    /// <summary>What has moved its planned end forward, one of the words above; null for nothing.</summary>
    public string? HurriedBy { get; init; }
}

public static class RequestWaits
{
    /// <summary>The wait that a check of the submission ends.</summary>
    public static RequestWait? WaitForCheck(this ImageSubmission submission) =>
        submission.Wait(
            submission.IsInFinalCheck ? RequestWait.Answer
                : submission.Failures > 0 ? RequestWait.Retry
                : RequestWait.Pictures,
            "check",
            submission.NextCheckAt
        );

    /// <summary>The wait that a call for the submission ends.</summary>
    public static RequestWait? WaitForCall(
        this ImageRequest request,
        ImageSubmission submission,
        string what,
        DateTimeOffset? due
    ) => submission.Wait(what, request.Images[submission.ImageNumbers[0]].Attempts > 1 ? "resend" : "submit", due);

    /// <summary>
    /// What a request that stops or closes has waited for. What is due has been handed on. What is in doubt is waited for
    /// until it closes.
    /// </summary>
    public static List<RequestWait> OpenWaits(this ImageRequest request, DateTimeOffset now)
    {
        if (request.IsWaiting())
            return request.WaitForCall(request.Submissions[0], RequestWait.Turn, due: null) is { } turn ? [turn] : [];

        var waits = new List<RequestWait>();
        foreach (var submission in request.Submissions)
        {
            var wait =
                submission.NextCheckAt is not null ? submission.WaitForCheck()
                : submission.State is SubmissionState.Deferred && (request.CloseBy is not null || !submission.InDoubt)
                    ? request.WaitForCall(submission, RequestWait.Retry, submission.NextSubmitAt)
                : null;
            if (wait?.Due > now)
                waits.Add(wait);
        }
        foreach (var image in request.Images)
        {
            if (image is { WaitingSince: { } since, ResendAt: { } resendAt } && resendAt > now)
                waits.Add(
                    new(RequestWait.Resend, "resend", since, resendAt)
                    {
                        ImageNumbers = [image.Number],
                        HurriedBy = image.HurriedBy,
                    }
                );
        }
        return waits;
    }

    private static RequestWait? Wait(this ImageSubmission submission, string what, string next, DateTimeOffset? due) =>
        submission.WaitingSince is { } since
            ? new(what, next, since, due)
            {
                SubmissionId = submission.Id,
                ImageNumbers = submission.ImageNumbers,
                WaitTime = submission.WaitTime,
                HurriedBy = submission.HurriedBy,
            }
            : null;
}
