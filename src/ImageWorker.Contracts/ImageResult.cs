using System.Text.Json.Serialization;

namespace ImageWorker.Contracts;

/// <summary>How one image of a closed request ended.</summary>
public sealed record ImageResult
{
    /// <summary>The image's number in the command, from 0. Resends do not change it.</summary>
    public required int Number { get; init; }

    /// <summary>Whether there is a picture.</summary>
    public required ImageStatus Status { get; init; }

    /// <summary>Where to download it; null unless generated, and where ZPK named an address that is not safe to pass on.</summary>
    public string? Url { get; init; }

    /// <summary>
    /// Why it failed; null if generated, but for <c>URL_WITHHELD</c> where <see cref="Url"/> is withheld. ZPK's own id as it sent it, or one of the worker's:
    /// <c>DEADLINE_EXCEEDED</c>, <c>BUDGET_EXCEEDED</c>, <c>SUBMISSION_UNRESOLVED</c>, <c>CANCELLED</c>.
    /// </summary>
    public string? ErrorId { get; init; }

    /// <summary>EUR over all attempts of this image, as ZPK last reported it; null if a part is unknown.</summary>
    public decimal? Cost { get; init; }

    /// <summary>How many submissions carried this image.</summary>
    public required int Attempts { get; init; }
}

/// <summary>The end of one image. Travels as <c>generated</c> or <c>failed</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImageStatus>))]
public enum ImageStatus
{
    /// <summary>There is a picture to download.</summary>
    [JsonStringEnumMemberName("generated")]
    Generated,

    /// <summary>There is none, and there will be none.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}
