using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Storage;

public sealed partial class SqliteContext
{
    public override async Task<int> RemoveClosedAsync(
        DateTimeOffset before,
        DateTimeOffset now,
        int limit,
        CancellationToken ct
    )
    {
        // All statements see the same requests: the transaction lets no other writer in between.
        await using var transaction = await Database.BeginTransactionAsync(ct);
        await Database.ExecuteSqlAsync(
            $"""
            INSERT OR IGNORE INTO inbox (request_id, removed_at)
            SELECT id, {now.UtcDateTime} FROM requests
            WHERE closed_at < {before.UtcDateTime} ORDER BY closed_at, id LIMIT {limit}
            """,
            ct
        );
        await Database.ExecuteSqlAsync(
            $"""
            DELETE FROM submissions WHERE request_id IN (
                SELECT id FROM requests WHERE closed_at < {before.UtcDateTime} ORDER BY closed_at, id LIMIT {limit})
            """,
            ct
        );
        var removed = await Database.ExecuteSqlAsync(
            $"""
            DELETE FROM requests WHERE id IN (
                SELECT id FROM requests WHERE closed_at < {before.UtcDateTime} ORDER BY closed_at, id LIMIT {limit})
            """,
            ct
        );
        await transaction.CommitAsync(ct);
        return removed;
    }

    public override Task<int> RemoveWithdrawnAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        Database.ExecuteSqlAsync(
            $"""
            DELETE FROM requests WHERE id IN (
                SELECT id FROM requests
                WHERE closed_at IS NULL AND next_tick_at IS NULL AND state = {RequestStates.Withdrawn}
                    AND requested_at < {before.UtcDateTime}
                LIMIT {limit})
            """,
            ct
        );

    public override Task<int> RemoveKnownAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        Database.ExecuteSqlAsync(
            $"""
            DELETE FROM inbox WHERE request_id IN (
                SELECT request_id FROM inbox WHERE removed_at < {before.UtcDateTime} ORDER BY removed_at LIMIT {limit})
            """,
            ct
        );

    // One process has the file, so its sums have one row each from the start.
    public override Task<int> SettleCostsAsync(DateOnly before, int limit, CancellationToken ct) => Task.FromResult(0);

    public override Task<int> RemoveCostsAsync(DateOnly before, int limit, CancellationToken ct) =>
        Database.ExecuteSqlAsync(
            $"""
            DELETE FROM costs WHERE rowid IN (
                SELECT rowid FROM costs WHERE day < {before} ORDER BY day LIMIT {limit})
            """,
            ct
        );
}
