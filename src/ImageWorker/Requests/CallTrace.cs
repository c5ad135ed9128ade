namespace ImageWorker.Requests;

/// <summary>The data for a call's spans while the call passes through this process.</summary>
/// <param name="Parent">The request's <c>traceparent</c>.</param>
/// <param name="ImageNumbers">The images, by their numbers in the request.</param>
/// <param name="Attempt">1 for a first submission of these images, 2 for the first resend.</param>
/// <param name="Wait">The wait that the call ends; null without one.</param>
public sealed record CallTrace(string Parent, IReadOnlyList<int> ImageNumbers, int Attempt, RequestWait? Wait)
{
    /// <summary>The request's <c>tracestate</c>; null for none.</summary>
    public string? State { get; init; }

    /// <summary>What comes after a wait for the call, in a word.</summary>
    public string Next(IZpkCall call) =>
        call is CheckImages ? "check"
        : Attempt > 1 ? "resend"
        : "submit";

    /// <summary>The wait of a call that is only put off.</summary>
    public RequestWait WaitForRetry(IZpkCall call, DateTimeOffset now, DateTimeOffset until) =>
        new(RequestWait.Retry, Next(call), now, until)
        {
            SubmissionId = call.SubmissionId,
            ImageNumbers = ImageNumbers,
        };
}
