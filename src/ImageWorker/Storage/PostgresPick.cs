using ImageWorker.Requests;

namespace ImageWorker.Storage;

/// <summary>
/// Picks and claims waiting requests in one statement, whose cost does not grow with what waits: it finds each tenant by
/// one probe of an index, no more tenants than there are turns, and no more requests of each than it could need.
/// </summary>
internal static class PostgresPick
{
    // The arguments: priorities, their passes, strides and last tenants; count, owner, now, lease; tenants, and how many
    // of each may begin; the same for each other tenant; the timeline; the settle time.
    public const string Statement = $$"""
        WITH RECURSIVE limited AS (
            SELECT * FROM unnest({8}, {9}) AS limited (tenant, room)),
        line AS (
            -- The tenants that wait, by their names, from the one after the last that had its turn, once around.
            SELECT priority, passed, stride, last_tenant, 0 AS place, last_tenant AS tenant, false AS is_around
            FROM unnest({0}, {1}, {2}, {3}) AS line (priority, passed, stride, last_tenant)
            UNION ALL
            SELECT line.priority, line.passed, line.stride, line.last_tenant, line.place + 1, next.tenant, next.is_around
            FROM line CROSS JOIN LATERAL (
                (SELECT tenant, line.is_around FROM requests
                WHERE {{WaitingRequests.Condition}} AND priority = line.priority AND tenant > line.tenant
                    AND tenant NOT IN (SELECT tenant FROM limited WHERE room = 0)
                ORDER BY tenant LIMIT 1)
                UNION ALL
                (SELECT tenant, true FROM requests
                WHERE {{WaitingRequests.Condition}} AND priority = line.priority AND NOT line.is_around
                    AND tenant NOT IN (SELECT tenant FROM limited WHERE room = 0)
                ORDER BY tenant LIMIT 1)
                LIMIT 1) AS next (tenant, is_around)
            WHERE line.place < {4} AND (NOT next.is_around OR next.tenant <= line.last_tenant)),
        queue AS (
            SELECT *, count(*) OVER (PARTITION BY priority) AS tenants FROM line WHERE place > 0),
        candidate AS (
            SELECT queue.priority, queue.passed, queue.stride, queue.place, queue.tenant, oldest.id,
                row_number() OVER (
                    PARTITION BY queue.priority, queue.place ORDER BY oldest.waiting_since, oldest.id) AS round
            FROM queue CROSS JOIN LATERAL (
                SELECT id, waiting_since FROM requests
                WHERE {{WaitingRequests.Condition}} AND priority = queue.priority AND tenant = queue.tenant
                    AND deadline > {6}
                ORDER BY waiting_since LIMIT least({4}, 1 + 2 * {4} / queue.tenants)
                FOR UPDATE SKIP LOCKED) AS oldest),
        ranked AS (
            SELECT id, priority, tenant,
                passed + stride * row_number() OVER (PARTITION BY priority ORDER BY round, place) AS turn
            FROM candidate),
        allowed AS (
            SELECT ranked.id, ranked.priority, ranked.turn, row_number() OVER (PARTITION BY tenant ORDER BY turn, priority) AS nth,
                coalesce(limited.room, {10}) AS room
            FROM ranked LEFT JOIN limited USING (tenant)),
        chosen AS (
            SELECT id, row_number() OVER (ORDER BY turn, priority) AS turn FROM allowed
            WHERE nth <= room AND ({11} = '' OR {11} = {{PostgresClaims.Timeline}})
            ORDER BY turn, priority LIMIT {4}),
        lease AS MATERIALIZED (
            SELECT clock_timestamp() + {7} AS until),
        claimed AS (
            INSERT INTO submissions (id, request_id, state, owner, lease_until, started_at, calls)
            SELECT submissions -> 0 ->> 'id', id, '{{nameof(LedgerState.Started)}}', {5}, lease.until, {6}, 1
            FROM requests CROSS JOIN lease WHERE id = ANY (ARRAY(SELECT id FROM chosen))
            -- One that waits again has a claim that was given up.
            ON CONFLICT (id) DO UPDATE SET state = excluded.state, owner = excluded.owner,
                lease_until = excluded.lease_until, calls = submissions.calls + 1
            WHERE submissions.state = '{{nameof(LedgerState.Released)}}'
            RETURNING request_id),
        picked AS (
            UPDATE requests SET
                waiting_since = NULL,
                version = version + 1,
                deadline = {6} + (command ->> 'timeoutSeconds')::int * interval '1 second',
                next_tick_at = CASE WHEN id IN (SELECT request_id FROM claimed) THEN lease.until - {12} ELSE {6} END
            FROM lease WHERE id = ANY (ARRAY(SELECT id FROM chosen))
            RETURNING requests.*)
        SELECT picked.* FROM picked JOIN chosen USING (id)
        WHERE id IN (SELECT request_id FROM claimed) ORDER BY chosen.turn
        """;
}
