namespace ImageWorker.Contracts;

/// <summary>
/// Closes a request that produced no image, or that was cancelled. Delivered at least once: a repeat carries the
/// same message id.
/// </summary>
public sealed record ImagesFailed
{
    /// <summary>The command's <see cref="GenerateImages.RequestId"/>; all zeros if the command named none.</summary>
    public required Guid RequestId { get; init; }

    /// <summary>Why, in one word.</summary>
    public required FailureReason Reason { get; init; }

    /// <summary>Why, in detail: every fault of the command, or what the provider said. Can be empty.</summary>
    public required IReadOnlyList<RequestError> Errors { get; init; }

    /// <summary>
    /// Every image of the request, in the order of its number; empty for a refused command. After a cancellation it
    /// includes the images that were generated before.
    /// </summary>
    public required IReadOnlyList<ImageResult> Images { get; init; }

    /// <summary>What the request cost, over all its submissions.</summary>
    public required RequestCost Cost { get; init; }

    /// <summary>When the command was received, UTC.</summary>
    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>When the request was closed, UTC.</summary>
    public required DateTimeOffset ClosedAt { get; init; }

    /// <summary>The command's tenant; null if it named none, or one that it may not name.</summary>
    public string? Tenant { get; init; }

    /// <summary>The command's metadata, or null.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>
    /// What the publisher should know though it did not stop the request, such as fields of the command that were
    /// ignored; empty for nothing.
    /// </summary>
    public IReadOnlyList<RequestWarning> Warnings { get; init; } = [];
}

/// <summary>Why a request produced nothing. Travels as its name.</summary>
[System.Text.Json.Serialization.JsonConverter(
    typeof(System.Text.Json.Serialization.JsonStringEnumConverter<FailureReason>)
)]
public enum FailureReason
{
    /// <summary>The command broke a rule; every fault is in the errors. Nothing was submitted.</summary>
    InvalidRequest,

    /// <summary>ZPK's policy forbids the prompt or its pictures. Final.</summary>
    ContentPolicyViolation,

    /// <summary>ZPK failed to generate, after all resends.</summary>
    GeneralError,

    /// <summary>The request's own deadline passed first.</summary>
    DeadlineExceeded,

    /// <summary>The estimate, or another resend, would have passed <see cref="GenerateImages.MaxCost"/>.</summary>
    BudgetExceeded,

    /// <summary>ZPK refused the submission or ended the images with an error of its own, passed on in the errors.</summary>
    RejectedByProvider,

    /// <summary>
    /// Nobody could find out whether ZPK accepted a submission, so it may have been charged. The cost's total is null,
    /// and its estimate says how much it may be.
    /// </summary>
    SubmissionUnresolved,

    /// <summary>A <see cref="CancelImages"/> came.</summary>
    Cancelled,
}

/// <summary>One fault of a command, or one error as the provider named it.</summary>
/// <param name="Id">A constant to switch on, such as <c>INVALID_PARAMETER</c>.</param>
/// <param name="Message">For people: what was wrong and what to do.</param>
/// <param name="On">The field it is about, or null.</param>
public sealed record RequestError(string Id, string Message, string? On);
