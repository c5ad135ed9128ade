namespace ImageWorker.Storage;

/// <summary>A request that was closed and is removed: a late duplicate of its command must not be paid as a new one.</summary>
public sealed class RemovedRequest
{
    public Guid RequestId { get; set; }

    public DateTimeOffset RemovedAt { get; set; }
}
