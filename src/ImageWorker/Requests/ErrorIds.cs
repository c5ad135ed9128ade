using ImageWorker.Contracts;
using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>
/// The error ids of images that the worker knows, ZPK's and its own, and the reason that each gives a failed request. Any
/// other id is ZPK's, and final.
/// </summary>
public static class ErrorIds
{
    public const string GeneralError = "GENERAL_ERROR";
    public const string ContentPolicyViolation = "CONTENT_POLICY_VIOLATION";
    public const string BudgetExceeded = "BUDGET_EXCEEDED";
    public const string DeadlineExceeded = "DEADLINE_EXCEEDED";
    public const string SubmissionUnresolved = "SUBMISSION_UNRESOLVED";
    public const string Cancelled = "CANCELLED";

    /// <summary>The image is generated; ZPK named an address for it that is not safe to pass on.</summary>
    public const string UrlWithheld = "URL_WITHHELD";

    /// <summary>For an error without an id.</summary>
    public const string Unknown = "UNKNOWN_ERROR";

    private const string AnyOther = "";

    /// <summary>
    /// Of different reasons, the one that the requester most needs to know comes first. A cancellation is missing: it
    /// is no image's own reason.
    /// </summary>
    private static readonly (string Id, FailureReason Reason)[] ByRank =
    [
        (SubmissionUnresolved, FailureReason.SubmissionUnresolved),
        (AnyOther, FailureReason.RejectedByProvider),
        (BudgetExceeded, FailureReason.BudgetExceeded),
        (DeadlineExceeded, FailureReason.DeadlineExceeded),
        (GeneralError, FailureReason.GeneralError),
        (ContentPolicyViolation, FailureReason.ContentPolicyViolation),
    ];

    /// <summary>The ids that are known by name, for labels: labels must be bounded.</summary>
    public static IReadOnlyList<string> Known { get; } =
    [.. ByRank.Select(error => error.Id).Where(id => id != AnyOther), Cancelled];

    /// <summary>The reason of a request whose images failed with these ids; null if none failed.</summary>
    public static FailureReason? ReasonOf(IEnumerable<string?> errorIds)
    {
        var ranks = errorIds.Select(RankOf).ToList();
        return ranks.Count == 0 ? null : ByRank[ranks.Min()].Reason;
    }

    /// <summary>These ids as a text to search in, each between two bars; null for none.</summary>
    public static string? Listed(IEnumerable<string?> errorIds)
    {
        // A column of text holds no control characters.
        var ids = errorIds.OfType<string>().Select(id => ShownText.Of(id)).Distinct(StringComparer.Ordinal);
        return string.Join('|', ids) is { Length: > 0 } list ? $"|{list}|" : null;
    }

    private static int RankOf(string? errorId)
    {
        var rank = Array.FindIndex(ByRank, error => error.Id == errorId);
        return rank >= 0 ? rank : Array.FindIndex(ByRank, error => error.Id == AnyOther);
    }
}
