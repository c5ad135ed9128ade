using System.Text.Json.Serialization;

namespace ImageWorker.Requests;

/// <summary>One image of a request. It keeps the number that the command gave it through all resends.</summary>
public sealed class RequestImage
{
    public int Number { get; set; }

    public ImageState State { get; set; }

    public string? Url { get; set; }

    public string? ErrorId { get; set; }

    /// <summary>How many submissions carried this image, the first included.</summary>
    public int Attempts { get; set; }

    /// <summary>While <see cref="ImageState.WaitingToResend"/>: when to resend it.</summary>
    public DateTimeOffset? ResendAt { get; set; }

    /// <summary>When the wait for <see cref="ResendAt"/> began.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? WaitingSince { get; set; }

    /// <inheritdoc cref="ImageSubmission.HurriedBy"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HurriedBy { get; set; }

    [JsonIgnore]
    public bool IsSettled => State is ImageState.Generated or ImageState.Failed;

    public void Fail(string errorId)
    {
        State = ImageState.Failed;
        ErrorId = errorId;
        ResendAt = null;
        WaitingSince = null;
    }
}

[JsonConverter(typeof(JsonStringEnumConverter<ImageState>))]
public enum ImageState
{
    /// <summary>In a submission that ZPK has not accepted yet.</summary>
    Submitting,

    /// <summary>Accepted by ZPK, and checked as its <c>wait_time</c> says.</summary>
    Generating,

    /// <summary>Ended with GENERAL_ERROR; resent alone after a backoff.</summary>
    WaitingToResend,

    Generated,

    Failed,
}
