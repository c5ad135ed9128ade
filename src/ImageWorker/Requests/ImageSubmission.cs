using System.Text.Json.Serialization;

namespace ImageWorker.Requests;

/// <summary>One paid call of a request, as the saga knows it.</summary>
public sealed class ImageSubmission
{
    /// <summary>The id it was sent under, <see cref="SubmissionId"/>.</summary>
    public string Id { get; set; } = "";

    /// <summary>The id that ZPK answered with, which check-status is asked for; ours where it named none.</summary>
    public string? ProviderId { get; set; }

    /// <summary>Maps ZPK's <c>num</c>, the index here, to the request's own image number.</summary>
    public List<int> ImageNumbers { get; set; } = [];

    public SubmissionState State { get; set; }

    /// <summary>
    /// True from a call whose end is unknown until it is found out, and in a stopped request for each that the ledger has
    /// not been asked for since.
    /// </summary>
    public bool InDoubt { get; set; }

    /// <summary>EUR for the call as ZPK last stated it, null where it did not.</summary>
    public decimal? Cost { get; set; }

    /// <summary>EUR by ZPK's <c>num</c> as it last stated them, null where it did not.</summary>
    public List<decimal?> ImageCosts { get; set; } = [];

    /// <summary>Until it is accepted: when to hand it on again, should it be deferred or no answer have come.</summary>
    public DateTimeOffset? NextSubmitAt { get; set; }

    /// <summary>While images of it run: when to check.</summary>
    public DateTimeOffset? NextCheckAt { get; set; }

    /// <summary>When the wait for <see cref="NextSubmitAt"/> or <see cref="NextCheckAt"/> began.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? WaitingSince { get; set; }

    /// <summary>The shortest wait that ZPK last asked for, null where it named none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? WaitTime { get; set; }

    /// <summary>When a check was last answered, so that callbacks cannot have it checked more than once a second.</summary>
    public DateTimeOffset? CheckedAt { get; set; }

    /// <summary>
    /// A callback came while a check was under way, whose answer may be from before what it told of: the next check is
    /// pulled forward too.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsCalledBackInCheck { get; set; }

    /// <summary>Failed tries in a row, of the generate call or of its checks; paces the backoff.</summary>
    public int Failures { get; set; }

    /// <summary>True while the one check that a request at its deadline still makes is under way.</summary>
    public bool IsInFinalCheck { get; set; }

    /// <summary>True while an answer that the request must not close without is still to come.</summary>
    [JsonIgnore]
    public bool IsOutstanding =>
        State is SubmissionState.Submitting || (State is SubmissionState.Deferred && InDoubt) || IsInFinalCheck;
}

[JsonConverter(typeof(JsonStringEnumConverter<SubmissionState>))]
public enum SubmissionState
{
    /// <summary>Handed to the submitting consumer, which has not answered.</summary>
    Submitting,

    /// <summary>To be handed over again later: ZPK was busy, or a call's end must be found out.</summary>
    Deferred,

    Accepted,
    Refused,
    NotSent,
    Unresolved,
}
