using ImageWorker.Storage;

namespace ImageWorker.Submission;

/// <summary>What came of a call.</summary>
/// <param name="Answer">The answer for the saga; null if the saga has it already, or if there is none.</param>
/// <param name="HeldBack">Set if ZPK did nothing and the call must simply be made again; it has not failed.</param>
public readonly record struct CallResult(object? Answer, HeldBack? HeldBack = null)
{
    public static implicit operator CallResult(HeldBack heldBack) => new(null, heldBack);
}

/// <summary>A call that provably did nothing.</summary>
/// <param name="Until">When to make it again.</param>
/// <param name="AsFailure">What to tell the saga if this call alone is refused time and again.</param>
public sealed record HeldBack(DateTimeOffset Until, object AsFailure)
{
    /// <summary>Set if ZPK refused it with 429.</summary>
    public Refusal? Refusal { get; init; }

    /// <summary>Set if ZPK refused our credentials or our account: the error's id.</summary>
    public string? ErrorId { get; init; }

    /// <summary>The claim that was given up for it; null if it had none.</summary>
    public NewLease? Claim { get; init; }
}

/// <summary>Why a call did nothing, though it is not at fault, and when to make it again.</summary>
/// <param name="Until">When to make it again.</param>
/// <param name="Reason">For people.</param>
public sealed record Hold(DateTimeOffset Until, string Reason)
{
    /// <inheritdoc cref="HeldBack.Refusal"/>
    public Refusal? Refusal { get; init; }

    /// <inheritdoc cref="HeldBack.ErrorId"/>
    public string? ErrorId { get; init; }

    /// <summary>The call that is held back so.</summary>
    public HeldBack Of(object asFailure) => new(Until, asFailure) { Refusal = Refusal, ErrorId = ErrorId };
}

/// <summary>ZPK gets more calls than it takes.</summary>
/// <param name="RetryAfter">How long it asked to wait; null if it did not say.</param>
public sealed record Refusal(TimeSpan? RetryAfter);
