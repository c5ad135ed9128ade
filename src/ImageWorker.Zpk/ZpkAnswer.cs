namespace ImageWorker.Zpk;

/// <summary>What a generate or check-status call reported about a submission.</summary>
/// <param name="UniqueRequestId">
/// The submission's id, of 1 to 64 letters, digits, <c>-</c> and <c>_</c>; null where the answer has none
/// (check-status), or one that will not do.
/// </param>
/// <param name="Images">
/// The images in the answer's order, at most 100. Their numbers are ZPK's word: they may be missing or out of range. Of
/// several with one number the first counts.
/// </param>
/// <param name="Cost">
/// The submission's cost in EUR, to the digit as sent; null where absent, unreadable or out of bounds.
/// </param>
public sealed record ZpkAnswer(string? UniqueRequestId, IReadOnlyList<ZpkImage> Images, decimal? Cost)
{
    /// <summary>Why the id that ZPK gave is not used, in one line for a log; null where it is, or there is none.</summary>
    public string? UniqueRequestIdProblem { get; init; }

    /// <summary>Whether every image listed is generated or failed.</summary>
    public bool IsSettled => Images.All(image => image.IsSettled);
}
