using ImageWorker.Submission;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ImageWorker.Operations;

/// <summary>Not ready while ZPK refuses our credentials or our account: nothing is lost, but nothing moves until somebody mends them.</summary>
public sealed class ZpkHealth(ZpkGate gate) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    ) =>
        Task.FromResult(
            gate.CredentialsRefused
                ? HealthCheckResult.Unhealthy("ZPK refuses our credentials: check Zpk:ApplicationId and Zpk:ApiKey")
            : gate.AccountRefused
                ? HealthCheckResult.Unhealthy("ZPK refuses paid calls because of our account: check its balance")
            : HealthCheckResult.Healthy("not refused")
        );
}
