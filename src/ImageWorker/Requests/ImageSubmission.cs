using System.Text.Json.Serialization;

namespace ImageWorker.Requests;

/// <summary>One paid call of a request, as the saga knows it.</summary>
public sealed class ImageSubmission
{
    /// <summary>The <c>unique_request_id</c> of the call, derived by <see cref="SubmissionId"/>.</summary>
    public string Id { get; set; } = "";

    /// <summary>The id in ZPK's answer, or <see cref="Id"/> if the answer had none. Checks ask for it.</summary>
    public string? ProviderId { get; set; }

    /// <summary>The request's own image numbers. The index in this list is ZPK's <c>num</c>.</summary>
    public List<int> ImageNumbers { get; set; } = [];

    public SubmissionState State { get; set; }

    /// <summary>
    /// True while nobody knows how the call ended. In a stopped request a deferred submission is in doubt too, until
    /// the ledger is asked.
    /// </summary>
    public bool InDoubt { get; set; }

    /// <summary>EUR for the call as ZPK last stated it; null if it stated none.</summary>
    public decimal? Cost { get; set; }

    /// <summary>EUR for each image as ZPK last stated it, by ZPK's <c>num</c>; null if it stated none.</summary>
    public List<decimal?> ImageCosts { get; set; } = [];

    /// <summary>Until ZPK accepts it: when to hand it on again, if it is deferred or gets no answer.</summary>
    public DateTimeOffset? NextSubmitAt { get; set; }

    /// <summary>While its images run: when to check.</summary>
    public DateTimeOffset? NextCheckAt { get; set; }

    /// <summary>When the wait for <see cref="NextSubmitAt"/> or <see cref="NextCheckAt"/> began.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? WaitingSince { get; set; }

    /// <summary>What has moved the end of that wait forward, one of <see cref="RequestWait"/>'s words; null for nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HurriedBy { get; set; }

    /// <summary>The shortest wait in ZPK's last answer; null if it named none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? WaitTime { get; set; }

    /// <summary>When a check was last answered. With it, callbacks cannot bring more than one check a second.</summary>
    public DateTimeOffset? CheckedAt { get; set; }

    /// <summary>
    /// True if a callback came while a check was under way. That check's answer may be older than the callback's news,
    /// so the next check is pulled forward too.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsCalledBackInCheck { get; set; }

    /// <summary>Failed tries in a row, of the generate call or of its checks. They pace the backoff.</summary>
    public int Failures { get; set; }

    /// <summary>Why the last call that failed did, for people; null once one succeeded.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Problem { get; set; }

    /// <summary>True while the one last check that a request makes at its deadline is under way.</summary>
    public bool IsInFinalCheck { get; set; }

    /// <summary>True while the request must wait for an answer before it can close.</summary>
    [JsonIgnore]
    public bool IsOutstanding =>
        State is SubmissionState.Submitting || (State is SubmissionState.Deferred && InDoubt) || IsInFinalCheck;
}

[JsonConverter(typeof(JsonStringEnumConverter<SubmissionState>))]
public enum SubmissionState
{
    /// <summary>Handed to the submitter, which has not answered.</summary>
    Submitting,

    /// <summary>Waits to be handed on again: ZPK was busy, or nobody knows how the call ended.</summary>
    Deferred,

    Accepted,
    Refused,
    NotSent,
    Unresolved,
}
