namespace ImageWorker.Requests;

/// <summary>What the spans of a call are made of, on its way through this process.</summary>
/// <param name="Parent">The request's <c>traceparent</c>.</param>
/// <param name="ImageNumbers">The images, by the request's own numbering.</param>
/// <param name="Attempt">1 for a first submission of these images, 2 for the first resend.</param>
/// <param name="WaitingSince">When the wait that ends with the call began; null where there was none.</param>
/// <param name="Due">When the wait was to end; null where something else ended it.</param>
/// <param name="WaitTime">What ZPK asked for, if it did.</param>
public sealed record CallTrace(
    string Parent,
    IReadOnlyList<int> ImageNumbers,
    int Attempt,
    DateTimeOffset? WaitingSince,
    DateTimeOffset? Due,
    TimeSpan? WaitTime
);
