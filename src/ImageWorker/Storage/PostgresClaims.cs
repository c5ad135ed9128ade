using ImageWorker.Requests;

namespace ImageWorker.Storage;

/// <summary>
/// The statements that claim submissions. Each first sees whether the database is on the timeline that the worker knows: a
/// standby that was promoted may have forgotten an earlier claim.
/// </summary>
internal static class PostgresClaims
{
    /// <summary>The timeline of a primary.</summary>
    public const string Timeline = "left(pg_walfile_name(pg_current_wal_lsn()), 8)";

    /// <summary>The id of the only row that comes if the database is on another timeline.</summary>
    public const string Elsewhere = "elsewhere";

    /// <summary>Claims submissions for the first time. After the common arguments: their ids, their requests, the states that call.</summary>
    public const string Insert = $$"""
        {{Begin}}
            INSERT INTO submissions (id, request_id, state, owner, lease_until, started_at, calls)
            SELECT claim.id, claim.request_id, '{{nameof(LedgerState.Started)}}', {1}, clock_timestamp() + {3}, {2}, 1
            FROM unnest({4}, {5}) AS claim (id, request_id)
            JOIN requests ON requests.id = claim.request_id
            JOIN here ON here.is_known
            WHERE requests.id = ANY ({5}) AND requests.deadline > {2} AND requests.state = ANY ({6})
            FOR SHARE OF requests
            ON CONFLICT (id) DO NOTHING
        {{End}}
        """;

    /// <summary>Claims one again. After the common arguments: its request, its id, the states that call, and its row as seen.</summary>
    public const string Take = $$"""
        {{Begin}}
            UPDATE submissions
            SET state = '{{nameof(LedgerState.Started)}}', owner = {1}, lease_until = clock_timestamp() + {3},
                calls = calls + 1
            FROM (
                SELECT requests.id FROM requests JOIN here ON here.is_known
                WHERE requests.id = {4} AND requests.deadline > {2} AND requests.state = ANY ({6})
                FOR SHARE OF requests) AS wanting
            WHERE submissions.id = {5} AND submissions.request_id = wanting.id
                AND submissions.state = {7} AND submissions.calls = {8} AND submissions.lease_until = {9}
        {{End}}
        """;

    // The common arguments: the timeline or nothing, the owner, now, the lease.
    private const string Begin = $$"""
        WITH here AS MATERIALIZED (
            SELECT {0} = '' OR {0} = {{Timeline}} AS is_known),
        claimed AS (
        """;

    private const string End = $$"""
            RETURNING submissions.id, submissions.lease_until)
        SELECT id AS "Id", lease_until AS "Until" FROM claimed
        UNION ALL SELECT '{{Elsewhere}}', clock_timestamp() FROM here WHERE NOT is_known
        """;
}
