using ImageWorker.Contracts;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>A call to ZPK that is to be made.</summary>
public interface IZpkCall
{
    Guid RequestId { get; }

    string SubmissionId { get; }

    /// <summary>Null where nobody traces.</summary>
    CallTrace? Trace { get; }
}

/// <summary>To the submitting consumer: have this submission accepted, once. It answers with a <see cref="SubmissionAnswer"/>.</summary>
public sealed record SubmitImages(Guid RequestId, string SubmissionId, int Count, GenerateImages Command) : IZpkCall
{
    /// <summary>True for a request that was stopped: it is only to be found out whether the submission was sent.</summary>
    public bool IsStopped { get; init; }

    public CallTrace? Trace { get; init; }
}

/// <summary>An answer to <see cref="SubmitImages"/>.</summary>
public abstract record SubmissionAnswer
{
    /// <summary>What the ledger notes together with what the saga makes of it, if anything.</summary>
    public LedgerNote? Ledger { get; init; }
}

/// <summary>ZPK has the submission, and charges for it.</summary>
public sealed record SubmissionAccepted(
    Guid RequestId,
    string SubmissionId,
    ZpkAnswer Answer,
    DateTimeOffset AnsweredAt
) : SubmissionAnswer
{
    /// <summary>True for one that was lost, and found by looking it up.</summary>
    public bool IsAdopted { get; init; }
}

/// <summary>ZPK refused the submission: nothing was done.</summary>
public sealed record SubmissionRefused(Guid RequestId, string SubmissionId, IReadOnlyList<ZpkError> Errors)
    : SubmissionAnswer;

/// <summary>Not settled now.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="SubmissionId">The submission.</param>
/// <param name="NotBefore">When it makes sense to try again; null to leave it to the backoff.</param>
/// <param name="InDoubt">True if the call may have arrived.</param>
/// <param name="Reason">For people.</param>
public sealed record SubmissionDeferred(
    Guid RequestId,
    string SubmissionId,
    DateTimeOffset? NotBefore,
    bool InDoubt,
    string Reason
) : SubmissionAnswer
{
    /// <summary>True if ZPK was not asked at all, since every call to it is held back; the gate tells of that, once.</summary>
    public bool IsHeldBack { get; init; }
}

/// <summary>The request no longer wants it, and it is certain that ZPK does not have it.</summary>
public sealed record SubmissionWithdrawn(Guid RequestId, string SubmissionId) : SubmissionAnswer;

/// <summary>To the checking consumer: read the images of an accepted submission. It answers with <see cref="ImagesChecked"/>.</summary>
public sealed record CheckImages(Guid RequestId, string SubmissionId, string ProviderId) : IZpkCall
{
    public CallTrace? Trace { get; init; }
}

/// <summary>What one check said.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="SubmissionId">The submission.</param>
/// <param name="Answer">ZPK's answer, or null where it gave none.</param>
/// <param name="AnsweredAt">When it came.</param>
/// <param name="NotBefore">Without an answer: when ZPK asked to come back, if it did.</param>
/// <param name="Reason">Without an answer: why, for people.</param>
public sealed record ImagesChecked(
    Guid RequestId,
    string SubmissionId,
    ZpkAnswer? Answer,
    DateTimeOffset AnsweredAt,
    DateTimeOffset? NotBefore,
    string? Reason
)
{
    /// <summary>As with <see cref="SubmissionDeferred"/>.</summary>
    public bool IsHeldBack { get; init; }
}

/// <summary>ZPK called back about a submission: a hint to check it now.</summary>
public sealed record CallbackReceived(Guid RequestId, string SubmissionId);

/// <summary>A request's timer came due.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="Version">The row's version then: a tick of an older one is stale.</param>
public sealed record RequestTick(Guid RequestId, int Version);
