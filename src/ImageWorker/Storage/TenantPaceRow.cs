namespace ImageWorker.Storage;

/// <summary>When a tenant's next paid call may begin. Only tenants with a limit a second have a row.</summary>
public sealed class TenantPaceRow
{
    public string Tenant { get; set; } = "";

    /// <summary>By <see cref="WorkerContext.LeaseClockAsync"/>.</summary>
    public DateTimeOffset NextAt { get; set; }
}
