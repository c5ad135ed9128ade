using System.Text.Json;
using System.Text.Json.Serialization;
using ImageWorker.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ImageWorker.Operations;

/// <summary><c>/health/live</c>: the process answers, whatever else is down. <c>/health/ready</c>: it can work.</summary>
public static class HealthEndpoints
{
    private const string Ready = "ready";

    /// <summary>The key of a failure's kind, in a check's data.</summary>
    private const string Problem = "problem";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static void AddHealth(this IServiceCollection services) =>
        services
            .AddHealthChecks()
            .AddCheck<BrokerHealth>("broker", tags: [Ready])
            .AddCheck<DatabaseHealth>("database", tags: [Ready])
            .AddCheck<MigrationsHealth>("migrations", tags: [Ready])
            .AddCheck<ZpkHealth>("credentials", tags: [Ready]);

    public static void MapHealth(this WebApplication app)
    {
        var health = app.MapGroup("/health").WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
        health.MapHealthChecks("/live", new() { Predicate = _ => false });
        health.MapHealthChecks(
            "/ready",
            new()
            {
                Predicate = check => check.Tags.Contains(Ready),
                ResponseWriter = WriteAsync,
                ResultStatusCodes = { [HealthStatus.Degraded] = StatusCodes.Status503ServiceUnavailable },
            }
        );
    }

    /// <summary>Anybody is told what fails and of what kind that is. The rest names hosts, roles and tables.</summary>
    private static async Task WriteAsync(HttpContext http, HealthReport report)
    {
        var mayLook = await http.MayLookAsync();
        await http.Response.WriteAsJsonAsync(
            new
            {
                status = report.Status.ToString(),
                checks = report.Entries.ToDictionary(
                    entry => entry.Key,
                    entry => new
                    {
                        status = entry.Value.Status.ToString(),
                        problem = entry.Value.Data.GetValueOrDefault(Problem),
                        description = mayLook ? entry.Value.Description : null,
                    },
                    StringComparer.Ordinal
                ),
            },
            Json
        );
    }

    private static HealthCheckResult ResultOf(DatabaseProblem? problem, string healthy) =>
        problem is null
            ? HealthCheckResult.Healthy(healthy)
            : HealthCheckResult.Unhealthy(
                problem.Text,
                data: new Dictionary<string, object>(StringComparer.Ordinal) { [Problem] = problem.Kind }
            );

    private sealed class DatabaseHealth(DatabaseState database, DatabaseTimeline timeline) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context,
            CancellationToken cancellationToken = default
        ) =>
            ResultOf(
                await database.UnwritableAsync(cancellationToken),
                $"answers, and takes changes; {Of(timeline.Standbys)}"
            );

        private static string Of(Standbys standbys) =>
            standbys switch
            {
                { Attached: 0 } => "no standby is attached",
                { Visible: 0 } => "standbys unknown: the role lacks pg_monitor",
                _ => $"{standbys.Visible} standbys are attached",
            };
    }

    private sealed class MigrationsHealth(DatabaseState database) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context,
            CancellationToken cancellationToken = default
        ) => ResultOf(await database.PendingAsync(cancellationToken), "none pending");
    }
}
