namespace ImageWorker.Contracts;

/// <summary>
/// Stops the re-checks and resends of a request. Published to the exchange <c>cancel-images</c>, as a MassTransit
/// envelope or as bare JSON. The request closes with <see cref="ImagesFailed"/>, reason
/// <see cref="FailureReason.Cancelled"/>, and the cost so far. A request that is closed already stays as it is and
/// publishes its closing event again.
/// </summary>
public sealed record CancelImages
{
    /// <summary>The request to cancel, required.</summary>
    public Guid RequestId { get; init; }
}
