using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations;

/// <summary>When a waiting request's turn may come.</summary>
/// <param name="Before">Requests of its tenant and priority that are before it.</param>
/// <param name="About">How long that takes at the pace of the last half minute; null if nothing was begun in it.</param>
public sealed record TurnForecast(int Before, TimeSpan? About)
{
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(30);

    /// <summary>Null if the request does not wait.</summary>
    public static async Task<TurnForecast?> OfAsync(
        WorkerContext db,
        ImageRequest request,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        if (!request.IsWaiting())
            return null;
        var before = await db.Waiting.CountAsync(
            other =>
                other.Priority == request.Priority
                && other.Tenant == request.Tenant
                && other.WaitingSince < request.WaitingSince,
            ct
        );
        var begun = await db.Submissions.CountAsync(entry => entry.StartedAt > now - Measured, ct);
        var lines = await WaitingLine.ReadAsync(db, ct);
        var weights = lines.Select(line => line.Priority).Distinct().Sum(priority => priority.Weight());
        var tenants = lines.Count(line => line.Priority == request.Priority);
        var share = (double)request.Priority.Weight() / Math.Max(weights, 1) / Math.Max(tenants, 1);
        return new(before, begun == 0 ? null : (before + 1) * Measured / (begun * share));
    }

    /// <summary>The same in words.</summary>
    public string Say(string tenant) =>
        $"waits for its turn: {Before} of {(tenant == RequestTurns.NoTenant ? "those without a tenant" : $"tenant {tenant}")} before it"
        + (About is { } about ? $", about {Readable.Span(about)}" : "");
}
