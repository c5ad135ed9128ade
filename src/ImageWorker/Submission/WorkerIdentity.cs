namespace ImageWorker.Submission;

/// <summary>This process, as the ledger names it.</summary>
public sealed class WorkerIdentity
{
    public Guid Id { get; } = Guid.NewGuid();
}
