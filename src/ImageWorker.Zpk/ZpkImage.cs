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

    /// <summary>The status as it came; empty where the answer has none.</summary>
    public string RawStatus { get; init; } = "";

    /// <summary>
    /// The estimated time left: never negative, at most a day; null where absent or unreadable.
    /// </summary>
    public TimeSpan? WaitTime { get; init; }

    /// <summary>
    /// <c>CONTENT_POLICY_VIOLATION</c>, <c>GENERAL_ERROR</c> or a word of the future; null where absent.
    /// </summary>
    public string? ErrorId { get; init; }

    /// <summary>Where to download a generated image, as sent and unchecked; null where absent.</summary>
    public string? ImageUrl { get; init; }

    /// <summary>The image's cost in EUR, to the digit as sent; null where absent or unreadable.</summary>
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
