using ImageWorker.Contracts;

namespace ImageWorker.Requests;

/// <summary>How closed requests ended, in one word.</summary>
public static class RequestOutcome
{
    /// <summary>At least one image was generated.</summary>
    public const string Ready = "ready";

    /// <summary>Every outcome that a stored request can have: <see cref="Ready"/>, or why it failed.</summary>
    public static IReadOnlyList<string> All { get; } =
    [Ready, .. Enum.GetNames<FailureReason>().Where(name => name != nameof(FailureReason.InvalidRequest))];

    /// <summary>Null while the request is open.</summary>
    public static string? Of(DateTimeOffset? closedAt, FailureReason? reason) =>
        closedAt is null ? null : reason?.ToString() ?? Ready;

    /// <summary>True if the request failed by what its caller asked for, and the service did its part.</summary>
    public static bool IsCallers(this FailureReason reason) =>
        reason
            is FailureReason.InvalidRequest
                or FailureReason.ContentPolicyViolation
                or FailureReason.BudgetExceeded
                or FailureReason.Cancelled;

    public static string? Outcome(this ImageRequest request) => Of(request.ClosedAt, request.Reason);
}
