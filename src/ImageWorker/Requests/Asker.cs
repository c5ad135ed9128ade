namespace ImageWorker.Requests;

/// <summary>Where one publisher of a command wants its closing event too, besides the published one.</summary>
/// <param name="Queue">The queue, in the worker's own virtual host.</param>
/// <param name="CorrelationId">What tells the publisher which of its commands this is; null for none.</param>
/// <param name="RequestId">The same for MassTransit's request client.</param>
public sealed record Asker(string Queue, string? CorrelationId, Guid? RequestId)
{
    /// <summary>How many of one request are answered.</summary>
    public const int Most = 8;
}
