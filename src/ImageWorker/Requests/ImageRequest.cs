using ImageWorker.Contracts;
using MassTransit;

namespace ImageWorker.Requests;

/// <summary>
/// A request as it is stored: the saga's row. The state machine decides what happens to it, and when.
/// </summary>
public sealed class ImageRequest : SagaStateMachineInstance
{
    /// <summary>The command's request id.</summary>
    public Guid CorrelationId { get; set; }

    /// <summary>One of the state machine's states.</summary>
    public string State { get; set; } = "";

    /// <summary>Counts the steps that changed this row. It is the optimistic lock, and makes old ticks stale.</summary>
    public int Version { get; set; }

    /// <summary>What was asked for. Null only while a cancellation waits for its command.</summary>
    public GenerateImages? Command { get; set; }

    /// <summary>The W3C <c>traceparent</c> that the command came with; null if nobody traces.</summary>
    public string? TraceParent { get; set; }

    /// <summary>The W3C <c>tracestate</c> that came with it; null for none.</summary>
    public string? TraceState { get; set; }

    public DateTimeOffset RequestedAt { get; set; }

    /// <summary>The tenant whose turn the request takes; <see cref="RequestTurns.NoTenant"/> if the command names none.</summary>
    public string Tenant { get; set; } = RequestTurns.NoTenant;

    public RequestPriority Priority { get; set; } = RequestPriority.Normal;

    /// <summary>
    /// Since when the request waits for its first turn. Null once it had it. A worker of an older version leaves it as it
    /// is: <see cref="RequestTurns.IsWaiting(ImageRequest)"/>.
    /// </summary>
    public DateTimeOffset? WaitingSince { get; set; }

    /// <summary>
    /// When the request must stop. It then closes with what it has. While it waits for its first turn: when that must
    /// have come.
    /// </summary>
    public DateTimeOffset Deadline { get; set; }

    /// <summary>
    /// The request's timer: when it next needs attention. Null only once it is closed, and while a cancellation waits
    /// for its command.
    /// </summary>
    public DateTimeOffset? NextTickAt { get; set; }

    /// <summary>Set while a stopped request waits for calls under way: when to close without their answers.</summary>
    public DateTimeOffset? CloseBy { get; set; }

    public DateTimeOffset? ClosedAt { get; set; }

    /// <summary>Why the request failed or had to stop; null while it runs, and if it closed as ready.</summary>
    public FailureReason? Reason { get; set; }

    public List<RequestError> Errors { get; set; } = [];

    /// <summary>What was passed over in the command; null for nothing.</summary>
    public List<RequestWarning>? Warnings { get; set; }

    /// <summary>Who wants the closing event besides the subscribers, at most <see cref="Asker.Most"/>; null for nobody.</summary>
    public List<Asker>? Askers { get; set; }

    /// <summary>How far the post of the closing event to the tenant's webhook is; null for none. No step changes it.</summary>
    public WebhookOutcome? Webhook { get; set; }

    /// <summary>One for each image asked for, by number.</summary>
    public List<RequestImage> Images { get; set; } = [];

    /// <summary>The command's model, for searches. Null for a request of an earlier version.</summary>
    public string? Model { get; set; }

    /// <summary>The command's value of the one key of its metadata that is searched for: <see cref="SearchableMetadata"/>.</summary>
    public string? MetadataValue { get; set; }

    /// <summary>Once closed, for searches: EUR over all submissions; null where a part is unknown.</summary>
    public decimal? Cost { get; set; }

    /// <summary>Once closed, for searches: the ids of its images' errors, as <see cref="ErrorIds.Listed"/>; null for none.</summary>
    public string? ImageErrors { get; set; }

    /// <summary>Every paid call of the request, in the order made.</summary>
    public List<ImageSubmission> Submissions { get; set; } = [];
}
