using ImageWorker.Contracts;
using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>Sums what ZPK reported. An unknown part makes the sum unknown: nothing here is guessed.</summary>
public static class RequestCosts
{
    /// <summary>EUR. A budget may come from a language without decimals, where 3 * 0.038 is a little less than 0.114.</summary>
    private const decimal Rounding = 0.000001m;

    public static RequestCost CostOf(this ImageRequest request, ZpkPrices prices) =>
        new()
        {
            Total = request.Submissions.CostSoFar(),
            Estimated = request.EstimateOfSubmitted(prices),
            Submissions =
            [
                .. request.Submissions.Select(submission => new SubmissionCost
                {
                    UniqueRequestId = submission.ProviderId ?? submission.Id,
                    ImageNumbers = submission.ImageNumbers,
                    Cost = submission.Cost,
                    Outcome = submission.State switch
                    {
                        SubmissionState.Accepted => SubmissionOutcome.Accepted,
                        SubmissionState.Refused => SubmissionOutcome.Refused,
                        SubmissionState.NotSent => SubmissionOutcome.NotSent,
                        _ => SubmissionOutcome.Unresolved,
                    },
                }),
            ],
        };

    /// <summary>EUR for these submissions; null if ZPK stated no cost for one of them.</summary>
    public static decimal? CostSoFar(this IEnumerable<ImageSubmission> submissions) =>
        SumOrUnknown(submissions.Select(submission => submission.Cost));

    /// <summary>EUR over all attempts of an image; null if ZPK stated no cost for one of them.</summary>
    public static decimal? CostOf(this ImageRequest request, RequestImage image) =>
        SumOrUnknown(
            request
                .Submissions.Where(submission => submission.ImageNumbers.Contains(image.Number))
                .Select(submission =>
                    submission.ImageCosts[submission.ImageNumbers.IndexOf(image.Number)]
                    // The cost of a call is the cost of an image only if the call is for a single image.
                    ?? (submission.ImageNumbers.Count == 1 ? submission.Cost : null)
                )
        );

    /// <summary>EUR by the price table for <paramref name="count"/> images; null if the table has no price.</summary>
    public static decimal? Estimate(this GenerateImages command, ZpkPrices prices, int count) =>
        prices.Estimate(command.Model, command.Quality, command.Resolution, command.UniqueGuard, count);

    /// <summary>True if one more image stays within the budget, beside all that was or may have been paid.</summary>
    public static bool CanAffordResend(this ImageRequest request, ZpkPrices prices)
    {
        if (request.Command is not { MaxCost: { } budget } command)
            return true;

        var paid = SumOrUnknown(
            request.Submissions.Select(submission =>
                submission.Cost ?? command.Estimate(prices, submission.ImageNumbers.Count)
            )
        );
        return IsWithin(budget, paid + command.Estimate(prices, 1));
    }

    /// <summary>True if the command's images cost more than it allows by the price table, or have no price.</summary>
    public static bool IsOverBudget(this GenerateImages command, ZpkPrices prices) =>
        command.MaxCost is { } budget && !IsWithin(budget, command.Estimate(prices, command.Count));

    private static bool IsWithin(decimal budget, decimal? price) => price <= budget + Rounding;

    private static decimal? EstimateOfSubmitted(this ImageRequest request, ZpkPrices prices)
    {
        // A request that was refused for its budget has no submissions: say what it would have cost.
        if (request.Submissions.Count == 0)
            return request.Command?.Estimate(prices, request.Command.Count);

        var submitted = request
            .Submissions.Where(s => s.State is not (SubmissionState.Refused or SubmissionState.NotSent))
            .Sum(s => s.ImageNumbers.Count);
        return request.Command?.Estimate(prices, submitted);
    }

    /// <summary>Null if a part is unknown, or if the sum is more than a number can hold.</summary>
    public static decimal? SumOrUnknown(IEnumerable<decimal?> parts)
    {
        try
        {
            decimal? sum = 0;
            foreach (var part in parts)
                sum += part;
            return sum;
        }
        catch (OverflowException)
        {
            return null;
        }
    }
}
