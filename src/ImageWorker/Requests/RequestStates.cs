namespace ImageWorker.Requests;

/// <summary>The names of a request's states, as rows hold them. The state machine says what they mean.</summary>
public static class RequestStates
{
    public const string Submitting = nameof(Submitting);
    public const string Generating = nameof(Generating);
    public const string Closing = nameof(Closing);
    public const string Closed = nameof(Closed);
    public const string Withdrawn = nameof(Withdrawn);

    /// <summary>The states in which paid calls may begin.</summary>
    public static readonly string[] Calling = [Submitting, Generating];

    /// <summary>The states in which a request has a timer.</summary>
    public static readonly string[] Open = [Submitting, Generating, Closing];

    public static readonly string[] All = [.. Open, Closed, Withdrawn];
}
