namespace ImageWorker.Zpk;

/// <summary>What a generate or check-status call reported about a submission.</summary>
/// <param name="UniqueRequestId">The submission's id; null where the answer has none (check-status).</param>
/// <param name="Images">
/// The images in the answer's order. Their numbers are ZPK's word: they may repeat, be missing or be out of range.
/// </param>
/// <param name="Cost">The submission's cost in EUR, to the digit as sent; null where absent or unreadable.</param>
public sealed record ZpkAnswer(string? UniqueRequestId, IReadOnlyList<ZpkImage> Images, decimal? Cost)
{
    /// <summary>Whether every image listed is generated or failed.</summary>
    public bool IsSettled => Images.All(image => image.IsSettled);
}
