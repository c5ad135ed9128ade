namespace ImageWorker.Zpk.Wire;

/// <summary>What came of one POST, before it is read as the outcome of a generate or a check-status call.</summary>
internal abstract record Reply
{
    private Reply() { }

    /// <summary>Whether the circuit breaker should count it: the service is away, or not itself.</summary>
    public bool IsFailure =>
        this switch
        {
            Answered answered => answered.Status >= 500 || (answered.IsSuccess && answered.Body is null),
            _ => true,
        };

    /// <summary>The line that the resilience log prints: never the answer itself.</summary>
    public sealed override string ToString() =>
        this switch
        {
            // A gateway's page needs no other complaint.
            Answered answered when answered.Body is not null || answered.Status >= 500 => $"HTTP {answered.Status}",
            Answered answered =>
                $"HTTP {answered.Status}: {answered.Problem}{(answered.Status == 404 ? "; is the base address right?" : "")}",
            NotSent notSent => notSent.Reason,
            Lost lost => lost.Reason,
            _ => nameof(Reply),
        };

    /// <summary>Status and headers arrived.</summary>
    /// <param name="Status">The HTTP status.</param>
    /// <param name="Body">The answer; null where it is not the API's JSON.</param>
    /// <param name="Problem">Why <paramref name="Body"/> is null.</param>
    /// <param name="RetryAfter">The header of that name.</param>
    public sealed record Answered(int Status, ApiAnswer? Body, string Problem, TimeSpan? RetryAfter) : Reply
    {
        public bool IsSuccess => Status is >= 200 and < 300;
    }

    /// <summary>Proof that no byte of the body was sent.</summary>
    public sealed record NotSent(string Reason, TimeSpan? RetryAfter = null) : Reply
    {
        /// <summary>Whether no connection was even tried.</summary>
        public bool IsHeldBack { get; init; }
    }

    /// <summary>The body may have been sent, and no answer came.</summary>
    public sealed record Lost(string Reason) : Reply;
}

/// <summary>The JSON both calls answer with.</summary>
/// <param name="Success">Null where absent or neither true nor false.</param>
/// <param name="Errors">Not empty: the call failed, whatever the status and <paramref name="Success"/> say.</param>
/// <param name="Answer">The rest.</param>
internal sealed record ApiAnswer(bool? Success, IReadOnlyList<ZpkError> Errors, ZpkAnswer Answer);
