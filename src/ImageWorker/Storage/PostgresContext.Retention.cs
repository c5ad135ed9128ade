using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Storage;

public sealed partial class PostgresContext
{
    private static readonly string SettleCosts = $$"""
        WITH open AS (
            SELECT ctid FROM costs WHERE slot <> 0 AND day < {0} LIMIT {1} FOR UPDATE SKIP LOCKED),
        gathered AS (
            DELETE FROM costs WHERE ctid = ANY (ARRAY(SELECT ctid FROM open)) RETURNING *),
        settled AS (
            {{PostgresSave.AddCosts("gathered", $"{CostRow.Settled}", "sum(requests)", "sum(unknown)")}})
        SELECT count(*)::int AS "Value" FROM gathered
        """;

    public override Task<int> RemoveClosedAsync(
        DateTimeOffset before,
        DateTimeOffset now,
        int limit,
        CancellationToken ct
    ) =>
        Database.ExecuteSqlAsync(
            $"""
            WITH old AS (
                SELECT id FROM requests WHERE closed_at < {before.UtcDateTime}
                ORDER BY closed_at LIMIT {limit} FOR UPDATE SKIP LOCKED),
            known AS (
                INSERT INTO inbox (request_id, removed_at) SELECT id, {now.UtcDateTime} FROM old
                ON CONFLICT DO NOTHING),
            ledger AS (DELETE FROM submissions WHERE request_id = ANY (ARRAY(SELECT id FROM old)))
            DELETE FROM requests WHERE id = ANY (ARRAY(SELECT id FROM old))
            """,
            ct
        );

    public override Task<int> RemoveWithdrawnAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        Database.ExecuteSqlAsync(
            $"""
            DELETE FROM requests WHERE id = ANY (ARRAY(
                SELECT id FROM requests
                WHERE closed_at IS NULL AND next_tick_at IS NULL AND state = {RequestStates.Withdrawn}
                    AND requested_at < {before.UtcDateTime}
                LIMIT {limit} FOR UPDATE SKIP LOCKED))
            """,
            ct
        );

    public override Task<int> RemoveKnownAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        Database.ExecuteSqlAsync(
            $"""
            DELETE FROM inbox WHERE request_id = ANY (ARRAY(
                SELECT request_id FROM inbox WHERE removed_at < {before.UtcDateTime}
                ORDER BY removed_at LIMIT {limit} FOR UPDATE SKIP LOCKED))
            """,
            ct
        );

    public override async Task<int> SettleCostsAsync(DateOnly before, int limit, CancellationToken ct)
    {
        var gathered = await Database.SqlQueryRaw<int>(SettleCosts, before, limit).ToListAsync(ct);
        return gathered[0];
    }

    public override Task<int> RemoveCostsAsync(DateOnly before, int limit, CancellationToken ct) =>
        Database.ExecuteSqlAsync(
            $"""
            DELETE FROM costs WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM costs WHERE day < {before} ORDER BY day LIMIT {limit} FOR UPDATE SKIP LOCKED))
            """,
            ct
        );
}
