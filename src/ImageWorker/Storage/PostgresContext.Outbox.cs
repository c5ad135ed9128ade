using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Storage;

public sealed partial class PostgresContext
{
    public override Task<List<OutboxMessage>> ClaimOutboxAsync(
        DateTimeOffset now,
        DateTimeOffset again,
        int limit,
        CancellationToken ct
    ) =>
        Outbox
            .FromSql(
                $"""
                UPDATE outbox SET claimable_at = {again.UtcDateTime}, attempts = attempts + 1
                WHERE id = ANY (ARRAY(
                    SELECT id FROM outbox WHERE claimable_at <= {now.UtcDateTime}
                    ORDER BY claimable_at LIMIT {limit} FOR UPDATE SKIP LOCKED))
                RETURNING *
                """
            )
            .AsNoTracking()
            .ToListAsync(ct);

    public override Task<int> RemoveDeliveredAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        Database.ExecuteSqlAsync(
            $"""
            DELETE FROM outbox WHERE id = ANY (ARRAY(
                SELECT id FROM outbox WHERE id = ANY ({ids.ToArray()}) FOR UPDATE SKIP LOCKED))
            """,
            ct
        );

    public override Task<int> PutOffAsync(
        IReadOnlyCollection<Guid> ids,
        int attempts,
        DateTimeOffset until,
        CancellationToken ct
    ) =>
        Database.ExecuteSqlAsync(
            $"""
            UPDATE outbox SET claimable_at = {until.UtcDateTime}, attempts = {attempts} WHERE id = ANY (ARRAY(
                SELECT id FROM outbox WHERE id = ANY ({ids.ToArray()}) FOR UPDATE SKIP LOCKED))
            """,
            ct
        );
}
