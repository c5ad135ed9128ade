namespace ImageWorker.Contracts;

/// <summary>
/// Closes a request once every image is settled and at least one was generated. Delivered at least once: a repeat
/// carries the same message id.
/// </summary>
public sealed record ImagesReady
{
    /// <summary>The command's <see cref="GenerateImages.RequestId"/>.</summary>
    public required Guid RequestId { get; init; }

    /// <summary>Every image of the request, in the order of its number.</summary>
    public required IReadOnlyList<ImageResult> Images { get; init; }

    /// <summary>What the request cost, over all its submissions.</summary>
    public required RequestCost Cost { get; init; }

    /// <summary>When the command was accepted, UTC.</summary>
    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>When the request was closed, UTC.</summary>
    public required DateTimeOffset ClosedAt { get; init; }

    /// <summary>The command's tenant; null if it named none.</summary>
    public string? Tenant { get; init; }

    /// <summary>The command's metadata, or null.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>
    /// What the publisher should know though it did not stop the request, such as fields of the command that were
    /// ignored; empty for nothing.
    /// </summary>
    public IReadOnlyList<RequestWarning> Warnings { get; init; } = [];
}
