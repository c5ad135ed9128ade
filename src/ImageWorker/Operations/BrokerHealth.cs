using ImageWorker.Engine;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ImageWorker.Operations;

/// <summary>Ready once every queue is consumed, and every event can be published.</summary>
public sealed class BrokerHealth(BrokerState broker) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    ) =>
        Task.FromResult(
            broker.Problems is [var problem, ..] problems
                ? HealthCheckResult.Unhealthy(
                    string.Join(". ", problems.Select(found => found.Text)),
                    data: new Dictionary<string, object>(StringComparer.Ordinal) { ["problem"] = problem.Kind }
                )
                : HealthCheckResult.Healthy("consumed, and takes every event")
        );
}
