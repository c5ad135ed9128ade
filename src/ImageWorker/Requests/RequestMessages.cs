using ImageWorker.Contracts;
using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>How a command came.</summary>
/// <param name="MessageId">Its message's id; for one that a publisher gave none, a hash of its content.</param>
/// <param name="Queue">The queue that it came by.</param>
/// <param name="System">The messaging system, in OpenTelemetry's words.</param>
/// <param name="TraceParent">The W3C <c>traceparent</c> that its publisher gave it; null for none.</param>
/// <param name="IsRedelivered">True where the broker has handed it out before.</param>
public sealed record Arrival(
    Guid MessageId,
    string Queue,
    string System,
    string? TraceParent = null,
    bool IsRedelivered = false
);

/// <summary>A command that came from outside.</summary>
public abstract record CommandAsked(Arrival Arrival)
{
    /// <summary>The request that it names; empty where it names none.</summary>
    public abstract Guid RequestId { get; }

    /// <summary>The saga that it is for. One that names no request is told from others by its message.</summary>
    public Guid SagaId => RequestId == Guid.Empty ? Arrival.MessageId : RequestId;
}

public sealed record GenerateAsked(GenerateImages Command, Arrival Arrival) : CommandAsked(Arrival)
{
    public override Guid RequestId => Command.RequestId;
}

public sealed record CancelAsked(CancelImages Command, Arrival Arrival) : CommandAsked(Arrival)
{
    public override Guid RequestId => Command.RequestId;
}

/// <summary>A call to ZPK that is to be made.</summary>
public interface IZpkCall
{
    Guid RequestId { get; }

    string SubmissionId { get; }

    /// <summary>Null where nobody traces.</summary>
    CallTrace? Trace { get; }
}

/// <summary>Have this submission accepted, once. The answer is a <see cref="SubmissionAnswer"/>.</summary>
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

/// <summary>Read the images of an accepted submission. The answer is <see cref="ImagesChecked"/>.</summary>
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
