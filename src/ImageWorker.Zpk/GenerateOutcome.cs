namespace ImageWorker.Zpk;

/// <summary>How a generate call ended. Closed: switch over the four cases.</summary>
public abstract record GenerateOutcome
{
    private GenerateOutcome() { }

    /// <summary>ZPK took the submission, and charges it as <see cref="ZpkAnswer.Cost"/> says.</summary>
    /// <param name="Answer">The images as they stand; at least one.</param>
    public sealed record Accepted(ZpkAnswer Answer) : GenerateOutcome;

    /// <summary>
    /// ZPK answered with an <c>errors</c> list, or with HTTP 402: nothing was done, nothing is charged. Ask
    /// <see cref="ZpkErrors.AreAboutCredentials"/> and <see cref="ZpkErrors.AreAboutAccount"/> whether it is this call
    /// that is at fault.
    /// </summary>
    /// <param name="Errors">What ZPK said; at least one, and at most 21, the last of them saying that there are more.</param>
    public sealed record Refused(IReadOnlyList<ZpkError> Errors) : GenerateOutcome;

    /// <summary>
    /// Proof that nothing was done; the same call may be repeated. No connection could be made, 429, the circuit
    /// is open (no call was made), or the key file could not be read.
    /// </summary>
    /// <param name="Reason">One line for a log, free of credentials.</param>
    /// <param name="RetryAfter">How long to wait, where ZPK or the circuit breaker says so.</param>
    public sealed record Busy(string Reason, TimeSpan? RetryAfter) : GenerateOutcome
    {
        /// <summary>True for HTTP 429: ZPK gets more calls than it takes.</summary>
        public bool IsRateLimited { get; init; }

        /// <summary>True if the client made no call: the circuit is open, or there is no readable key.</summary>
        public bool IsHeldBack { get; init; }
    }

    /// <summary>
    /// Everything else: a timeout, a reset, any 5xx (a 503 can come from a gateway after the work was done), an
    /// answer that cannot be read. The images may be on their way and paid: look them up with
    /// <see cref="ZpkImagesClient.CheckStatusAsync"/> before any other generate call.
    /// </summary>
    /// <param name="Reason">One line for a log, free of credentials.</param>
    public sealed record Unknown(string Reason) : GenerateOutcome;
}
