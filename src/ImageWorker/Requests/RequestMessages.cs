using ImageWorker.Contracts;
using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>How a command arrived.</summary>
/// <param name="MessageId">The message's id; a hash of its content if the publisher gave none.</param>
/// <param name="Queue">The queue that it came through.</param>
/// <param name="Broker">The address of the broker, or of this process's own transport.</param>
/// <param name="TraceParent">The publisher's W3C <c>traceparent</c>; null for none.</param>
/// <param name="TraceState">Its <c>tracestate</c>; null for none.</param>
/// <param name="IsRedelivered">True if the broker has delivered it before.</param>
/// <param name="User">
/// The broker's user that published it, which the broker has checked; empty if the publisher did not state it. Null where
/// there is no broker.
/// </param>
public sealed record Arrival(
    Guid MessageId,
    string Queue,
    Uri Broker,
    string? TraceParent = null,
    string? TraceState = null,
    bool IsRedelivered = false,
    string? User = null
)
{
    /// <summary>Where its publisher wants the closing event too; null for nowhere.</summary>
    public Asker? Asker { get; init; }
}

/// <summary>A command that came from outside.</summary>
public abstract record CommandAsked(Arrival Arrival)
{
    /// <summary>The request that the command names; empty if it names none.</summary>
    public abstract Guid RequestId { get; }

    /// <summary>
    /// The id of the command's saga. A command that names no request has one of its message's id. It must not be that id
    /// itself: publishers choose it, and one that is a request's id would lead to that request.
    /// </summary>
    public Guid SagaId => RequestId == Guid.Empty ? DerivedMessageId.ForNameless(Arrival.MessageId) : RequestId;
}

public sealed record GenerateAsked(GenerateImages Command, Arrival Arrival) : CommandAsked(Arrival)
{
    public override Guid RequestId => Command.RequestId;

    /// <summary>What cannot be read of the command. Those fields have their defaults.</summary>
    public IReadOnlyList<RequestError> Unread { get; init; } = [];

    /// <summary>What was passed over in the command.</summary>
    public IReadOnlyList<RequestWarning> Warnings { get; init; } = [];
}

public sealed record CancelAsked(CancelImages Command, Arrival Arrival) : CommandAsked(Arrival)
{
    public override Guid RequestId => Command.RequestId;
}

/// <summary>A call that must be made to ZPK.</summary>
public interface IZpkCall
{
    Guid RequestId { get; }

    string SubmissionId { get; }

    /// <summary>Null if nobody traces.</summary>
    CallTrace? Trace { get; }
}

/// <summary>Have this submission accepted, once. The answer is a <see cref="SubmissionAnswer"/>.</summary>
public sealed record SubmitImages(Guid RequestId, string SubmissionId, int Count, GenerateImages Command) : IZpkCall
{
    /// <summary>True if the request was stopped: only find out whether the submission was sent.</summary>
    public bool IsStopped { get; init; }

    /// <summary>When its request was accepted.</summary>
    public required DateTimeOffset AcceptedAt { get; init; }

    public CallTrace? Trace { get; init; }

    /// <summary>The call for a submission as its request stands.</summary>
    public static SubmitImages For(ImageRequest request, ImageSubmission submission, CallTrace? trace) =>
        new(request.CorrelationId, submission.Id, submission.ImageNumbers.Count, request.Command!)
        {
            IsStopped = request.CloseBy is not null,
            AcceptedAt = request.RequestedAt,
            Trace = trace,
        };
}

/// <summary>An answer to <see cref="SubmitImages"/>.</summary>
public abstract record SubmissionAnswer
{
    /// <summary>What the ledger notes in the same commit as the saga's step; null for nothing.</summary>
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
    /// <summary>True if its answer was lost and a look-up found it.</summary>
    public bool IsAdopted { get; init; }
}

/// <summary>ZPK refused the submission: nothing was done.</summary>
public sealed record SubmissionRefused(Guid RequestId, string SubmissionId, IReadOnlyList<ZpkError> Errors)
    : SubmissionAnswer;

/// <summary>The submission is not settled now.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="SubmissionId">The submission.</param>
/// <param name="NotBefore">The earliest time to try again; null to leave that to the backoff.</param>
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
    /// <summary>True if ZPK was not asked, because every call to it is held back. The gate logs that once.</summary>
    public bool IsHeldBack { get; init; }

    /// <summary>True if ZPK does not list it, which proves nothing before <see cref="NotBefore"/>.</summary>
    public bool IsTooEarly { get; init; }
}

/// <summary>The request no longer wants the submission, and ZPK certainly does not have it.</summary>
public sealed record SubmissionWithdrawn(Guid RequestId, string SubmissionId) : SubmissionAnswer;

/// <summary>Read the images of an accepted submission. The answer is <see cref="ImagesChecked"/>.</summary>
public sealed record CheckImages(Guid RequestId, string SubmissionId, string ProviderId) : IZpkCall
{
    /// <summary>True for a stopped request's last look, which others let pass.</summary>
    public bool IsFinal { get; init; }

    public CallTrace? Trace { get; init; }
}

/// <summary>The result of one check.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="SubmissionId">The submission.</param>
/// <param name="Answer">ZPK's answer; null if it gave none.</param>
/// <param name="AnsweredAt">When the check ended.</param>
/// <param name="NotBefore">Without an answer: the earliest time to ask again; null for the backoff alone.</param>
/// <param name="Reason">Without an answer: why, for people.</param>
public sealed record ImagesChecked(
    Guid RequestId,
    string SubmissionId,
    ZpkAnswer? Answer,
    DateTimeOffset AnsweredAt,
    DateTimeOffset? NotBefore,
    string? Reason
);

/// <summary>ZPK called back about a submission: a hint to check it now.</summary>
public sealed record CallbackReceived(Guid RequestId, string SubmissionId);

/// <summary>A request's timer came due.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="Version">The row's version when the timer was set. A newer row makes the tick stale.</param>
public sealed record RequestTick(Guid RequestId, int Version)
{
    /// <summary>Until when this process makes no calls to ZPK; null if it makes them.</summary>
    public DateTimeOffset? HeldBackUntil { get; init; }
}
