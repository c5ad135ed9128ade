namespace ImageWorker.Zpk;

/// <summary>One image of a submission, as ZPK last reported it.</summary>
public sealed record ZpkImage
{
    /// <summary>
    /// 0 for the first. Where the answer has none, the image's place in the list; -1 where it cannot be read.
    /// </summary>
    public required int Num { get; init; }

    /// <summary>The status; <see cref="GenerationStatus.Unknown"/> for a word that the page does not list.</summary>
    public required GenerationStatus Status { get; init; }

    /// <summary>The status as it came, of at most 64 characters; empty where the answer has none.</summary>
    public string RawStatus { get; init; } = "";

    /// <summary>
    /// The estimated time left: never negative, at most a day; null where absent or unreadable.
    /// </summary>
    public TimeSpan? WaitTime { get; init; }

    /// <summary>
    /// <c>CONTENT_POLICY_VIOLATION</c>, <c>GENERAL_ERROR</c> or a word of the future, of at most 64 characters; null
    /// where absent.
    /// </summary>
    public string? ErrorId { get; init; }

    /// <summary>
    /// Where to download a generated image, as sent; null where absent, or not safe to hand on. It is https, or http
    /// where the API itself is reached so, of at most 2,048 characters.
    /// </summary>
    public string? ImageUrl { get; init; }

    /// <summary>
    /// Why the address that ZPK gave is not handed on, in one line for people; null where it is, or there is none. The
    /// image is no less generated.
    /// </summary>
    public string? UrlProblem { get; init; }

    /// <summary>
    /// The image's cost in EUR, to the digit as sent: 0 to 1,000,000, of at most 18 decimal places. Null where absent,
    /// unreadable or out of these bounds.
    /// </summary>
    public decimal? Cost { get; init; }

    /// <summary>Generated or failed. An unknown status counts as still running.</summary>
    public bool IsSettled => Status is GenerationStatus.Generated or GenerationStatus.Error;
}

/// <summary>The API's <c>generation_status</c>.</summary>
public enum GenerationStatus
{
    /// <summary>A word that this client does not know, or none: treat the image as still running.</summary>
    Unknown,

    /// <summary>Waiting its turn.</summary>
    Pending,

    /// <summary>Being made.</summary>
    Generating,

    /// <summary>Done: it has an <see cref="ZpkImage.ImageUrl"/>.</summary>
    Generated,

    /// <summary>Failed: it has an <see cref="ZpkImage.ErrorId"/>.</summary>
    Error,
}
