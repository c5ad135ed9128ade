namespace ImageWorker.Requests;

/// <summary>The states of a request by name, as rows hold them. What they mean, and what leads from one to another, is in the state machine.</summary>
public static class RequestStates
{
    public const string Submitting = nameof(Submitting);
    public const string Generating = nameof(Generating);
    public const string Closing = nameof(Closing);
    public const string Closed = nameof(Closed);
    public const string Withdrawn = nameof(Withdrawn);

    /// <summary>The states in which paid calls may be begun.</summary>
    public static readonly string[] Calling = [Submitting, Generating];

    /// <summary>The states in which a request has a timer.</summary>
    public static readonly string[] Open = [Submitting, Generating, Closing];

    public static readonly string[] All = [.. Open, Closed, Withdrawn];
}
