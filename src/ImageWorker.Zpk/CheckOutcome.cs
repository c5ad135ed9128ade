namespace ImageWorker.Zpk;

/// <summary>How a check-status call ended. Closed: switch over the four cases.</summary>
public abstract record CheckOutcome
{
    private CheckOutcome() { }

    /// <summary>ZPK knows the submission.</summary>
    /// <param name="Answer">The images as they stand; at least one.</param>
    public sealed record Found(ZpkAnswer Answer) : CheckOutcome;

    /// <summary>
    /// ZPK does not know the id (or not yet: an accepted submission may show some seconds late). An
    /// <c>errors</c> answer about <c>unique_request_id</c> alone, a 404, or <c>success: false</c> with neither
    /// errors nor images.
    /// </summary>
    public sealed record NotFound : CheckOutcome
    {
        /// <summary>
        /// One line for a log, free of credentials. It names a 404 that is not the API's own JSON, which a wrong base
        /// address gives to every call.
        /// </summary>
        public string Reason { get; init; } = "ZPK does not list it";
    }

    /// <summary>
    /// Any other <c>errors</c> answer, such as bad credentials, or HTTP 402. It says nothing about the submission.
    /// </summary>
    /// <param name="Errors">What ZPK said; at least one, and at most 21, the last of them saying that there are more.</param>
    public sealed record Refused(IReadOnlyList<ZpkError> Errors) : CheckOutcome;

    /// <summary>No usable answer. It says nothing about the submission.</summary>
    /// <param name="Reason">One line for a log, free of credentials.</param>
    /// <param name="RetryAfter">How long to wait, where ZPK or the circuit breaker says so.</param>
    public sealed record Unavailable(string Reason, TimeSpan? RetryAfter) : CheckOutcome
    {
        /// <summary>True for HTTP 429: ZPK gets more calls than it takes.</summary>
        public bool IsRateLimited { get; init; }

        /// <summary>True if the client made no call: the circuit is open, or there is no readable key.</summary>
        public bool IsHeldBack { get; init; }
    }
}
