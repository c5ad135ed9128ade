namespace ImageWorker.Contracts;

/// <summary>
/// One image is ready while others may still be running. Published for commands with
/// <see cref="GenerateImages.Progress"/>, at least once for each image. It comes before the closing event unless a
/// crash comes between.
/// </summary>
public sealed record ImageGenerated
{
    /// <summary>The command's <see cref="GenerateImages.RequestId"/>.</summary>
    public required Guid RequestId { get; init; }

    /// <summary>The image's number in the command, from 0.</summary>
    public required int Number { get; init; }

    /// <summary>Where to download it, soon: ZPK does not say how long it keeps pictures.</summary>
    public required string Url { get; init; }

    /// <summary>The command's tenant; null if it named none.</summary>
    public string? Tenant { get; init; }

    /// <summary>The command's metadata, or null.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}
