namespace ImageWorker.Requests;

/// <summary>What a closed request adds to the sums of costs. It is counted once, with the commit that closes it.</summary>
/// <param name="Day">The day it was closed, in UTC.</param>
/// <param name="Model">The command's model.</param>
/// <param name="Quality">The command's quality.</param>
/// <param name="Tenant">The tenant whose turn it took.</param>
/// <param name="Outcome">One of <see cref="RequestOutcome.All"/>.</param>
/// <param name="Images">How many images were generated.</param>
/// <param name="Cost">EUR: all that ZPK stated for its calls.</param>
/// <param name="Wasted">EUR of it for attempts that no generated image came of.</param>
/// <param name="IsUnknown">True if ZPK stated no cost for one of its calls, so that it may have cost more.</param>
public sealed record ClosedCost(
    DateOnly Day,
    string Model,
    string Quality,
    string Tenant,
    string Outcome,
    int Images,
    decimal Cost,
    decimal Wasted,
    bool IsUnknown
)
{
    public static ClosedCost Of(ImageRequest request) =>
        new(
            DateOnly.FromDateTime(request.ClosedAt!.Value.UtcDateTime),
            request.Command!.Model,
            request.Command.Quality,
            request.Tenant,
            request.Outcome()!,
            request.Images.GeneratedCount(),
            Sum(request.Submissions.Select(submission => submission.Cost)),
            Sum(request.Submissions.SelectMany(submission => WastedIn(request, submission))),
            request.Submissions.CostSoFar() is null
        );

    /// <summary>What is not stated adds nothing. More than a number can hold counts as not stated.</summary>
    private static decimal Sum(IEnumerable<decimal?> parts) =>
        RequestCosts.SumOrUnknown(parts.Select(part => (decimal?)(part ?? 0))) ?? 0;

    private static IEnumerable<decimal?> WastedIn(ImageRequest request, ImageSubmission submission)
    {
        var useless = submission.ImageNumbers.Where(number => !CameOf(request, submission, number)).ToList();
        return useless.Count == submission.ImageNumbers.Count
            ? [submission.Cost]
            : useless.Select(number => submission.ImageCosts[submission.ImageNumbers.IndexOf(number)]);
    }

    /// <summary>True if this submission gave the image. An image that was resent came of its last one.</summary>
    private static bool CameOf(ImageRequest request, ImageSubmission submission, int number) =>
        request.Images.Exists(image => image.Number == number && image.State is ImageState.Generated)
        && request.Submissions.FindLast(other => other.ImageNumbers.Contains(number)) == submission;
}
