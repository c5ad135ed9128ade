namespace ImageWorker.Storage;

/// <summary>A closed request that was removed. A late duplicate of its command must not be paid as a new one.</summary>
public sealed class RemovedRequest
{
    public Guid RequestId { get; set; }

    public DateTimeOffset RemovedAt { get; set; }
}
