namespace ImageWorker.Requests;

/// <summary>The data for a call's spans while the call passes through this process.</summary>
/// <param name="Parent">The request's <c>traceparent</c>.</param>
/// <param name="ImageNumbers">The images, by their numbers in the request.</param>
/// <param name="Attempt">1 for a first submission of these images, 2 for the first resend.</param>
/// <param name="WaitingSince">When the wait before the call began; null without one.</param>
/// <param name="Due">The planned end of that wait; null if something else ended it.</param>
/// <param name="WaitTime">The wait that ZPK asked for; null if it named none.</param>
public sealed record CallTrace(
    string Parent,
    IReadOnlyList<int> ImageNumbers,
    int Attempt,
    DateTimeOffset? WaitingSince,
    DateTimeOffset? Due,
    TimeSpan? WaitTime
);
