using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Storage;

/// <summary>The requests of one priority and one tenant that wait for their first turns.</summary>
/// <param name="Priority">Their priority.</param>
/// <param name="Tenant">Their tenant.</param>
/// <param name="Count">How many.</param>
/// <param name="Since">Since when the oldest of them waits.</param>
public sealed record WaitingLine(RequestPriority Priority, string Tenant, int Count, DateTimeOffset Since)
{
    /// <summary>Reads all lines that there are.</summary>
    public static async Task<List<WaitingLine>> ReadAsync(WorkerContext db, CancellationToken ct)
    {
        var lines = await db
            .Waiting.GroupBy(request => new { request.Priority, request.Tenant })
            .Select(line => new
            {
                line.Key.Priority,
                line.Key.Tenant,
                Count = line.Count(),
                Since = line.Min(request => request.WaitingSince),
            })
            .ToListAsync(ct);
        return [.. lines.Select(line => new WaitingLine(line.Priority, line.Tenant, line.Count, line.Since!.Value))];
    }
}
