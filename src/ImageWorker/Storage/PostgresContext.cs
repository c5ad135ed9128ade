using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ImageWorker.Storage;

public sealed partial class PostgresContext(DbContextOptions<PostgresContext> options) : WorkerContext(options)
{
    /// <summary>How long a statement waits for a lock. Steps lock a row for milliseconds.</summary>
    internal const string LockTimeout = "1s";

    private bool? _isTimedBySession;

    protected override string JsonColumnType => "json";

    /// <summary>True if the connection string gives every session a lock timeout: <see cref="StorageRegistration"/>.</summary>
    private bool IsTimedBySession =>
        _isTimedBySession ??=
            new NpgsqlConnectionStringBuilder(Database.GetConnectionString()).Options?.Contains(
                "lock_timeout",
                StringComparison.Ordinal
            )
                is true;

    public override Task<IReadOnlyList<Exception?>> SaveAsync(
        IReadOnlyList<UnitOfWork> units,
        DateTimeOffset claimableAt
    ) => WithLockTimeoutAsync(() => PostgresSave.RunAsync(this, units, claimableAt));

    public override Task<List<DueTick>> ClaimTicksAsync(
        DateTimeOffset now,
        DateTimeOffset again,
        int limit,
        CancellationToken ct
    ) =>
        Database
            .SqlQueryRaw<DueTick>(
                $$"""
                WITH due AS (
                    SELECT id FROM requests
                    WHERE next_tick_at <= {0} AND NOT ({{WaitingRequests.Condition}})
                    ORDER BY next_tick_at LIMIT {2} FOR UPDATE SKIP LOCKED),
                late AS (
                    SELECT id FROM requests
                    WHERE deadline <= {0} AND next_tick_at <= {0} AND {{WaitingRequests.Condition}}
                    ORDER BY deadline LIMIT {2} FOR UPDATE SKIP LOCKED)
                UPDATE requests SET next_tick_at = {1}
                WHERE id = ANY (ARRAY(SELECT id FROM due UNION ALL SELECT id FROM late))
                RETURNING id AS "Id", version AS "Version"
                """,
                now.UtcDateTime,
                again.UtcDateTime,
                limit
            )
            .ToListAsync(ct);

    public override async Task<DateTimeOffset> LeaseClockAsync(DateTimeOffset now) =>
        (await Database.SqlQuery<DateTimeOffset>($"""SELECT clock_timestamp() AS "Value" """).ToListAsync())[0];

    public override bool HasClock => true;

    public override async Task<T> ReadPlannedAsync<T>(Func<Task<T>> read, CancellationToken ct)
    {
        await using var transaction = await Database.BeginTransactionAsync(ct);
        await Database.ExecuteSqlAsync($"SET LOCAL plan_cache_mode = force_custom_plan", ct);
        var result = await read();
        await transaction.CommitAsync(ct);
        return result;
    }

    public override async Task<TimelineLook> LookAtTimelineAsync()
    {
        var seen = await Database
            .SqlQueryRaw<SeenTimeline>(
                $"""
                SELECT
                    (SELECT system_identifier::text FROM pg_control_system()) AS "SystemId",
                    CASE WHEN pg_is_in_recovery() THEN '' ELSE {PostgresClaims.Timeline} END AS "Timeline",
                    CASE WHEN NOT pg_is_in_recovery()
                        THEN (pg_current_wal_flush_lsn() - '0/0')::bigint END AS "Position",
                    clock_timestamp() AS "Now",
                    system_id AS "StoredSystemId", timeline AS "StoredTimeline",
                    forgot_at AS "ForgotAt", look_up_until AS "LookUpUntil",
                    attached AS "Attached", visible AS "Visible", reached AS "Reached"
                FROM database_timeline, (
                    -- Who may not see how far they are sees only that they are there. Subscribers of tables are no standbys.
                    SELECT count(*)::int AS attached, count(flush_lsn)::int AS visible,
                        (max(flush_lsn) - '0/0')::bigint AS reached
                    FROM pg_stat_replication
                    WHERE (state IS NULL OR state IN ('streaming', 'catchup')) AND pid NOT IN (
                        SELECT active_pid FROM pg_replication_slots
                        WHERE slot_type = 'logical' AND active_pid IS NOT NULL)) AS standbys
                """
            )
            .SingleAsync();
        var row = new TimelineRow
        {
            SystemId = seen.StoredSystemId,
            Timeline = seen.StoredTimeline,
            ForgotAt = seen.ForgotAt,
            LookUpUntil = seen.LookUpUntil,
        };
        return new(
            seen.SystemId,
            seen.Timeline,
            seen.Position,
            seen.Now,
            row,
            new(seen.Attached, seen.Visible, seen.Reached)
        );
    }

    public override async Task<string?> WriteObstacleAsync(CancellationToken ct)
    {
        var obstacles = await Database
            .SqlQuery<string>(
                $"""
                SELECT 'the database is read-only: is it a standby?' AS "Value"
                WHERE current_setting('transaction_read_only')::boolean
                UNION ALL
                SELECT 'the database''s role may not write'
                WHERE NOT has_table_privilege(to_regclass('requests'), 'UPDATE')
                """
            )
            .ToListAsync(ct);
        return obstacles.FirstOrDefault();
    }

    public override string SumOf(string column) => $"sum({column})";

    // A locked row names its transaction, and pg_locks names that one's process.
    public override Task<List<LockedRow>> LockedAsync(
        IReadOnlyCollection<Guid> requestIds,
        IReadOnlyCollection<string> submissionIds
    )
    {
        var (requests, submissions) = (requestIds.ToArray(), submissionIds.ToArray());
        return Database
            .SqlQuery<LockedRow>(
                $"""
                WITH free_request AS (
                    SELECT id FROM requests WHERE id = ANY ({requests}) FOR NO KEY UPDATE SKIP LOCKED),
                free_submission AS (
                    SELECT id FROM submissions WHERE id = ANY ({submissions}) FOR NO KEY UPDATE SKIP LOCKED),
                held AS (
                    SELECT id::text, id AS request_id, xmax FROM requests
                    WHERE id = ANY ({requests}) AND id NOT IN (SELECT id FROM free_request)
                    UNION ALL
                    SELECT id, request_id, xmax FROM submissions
                    WHERE id = ANY ({submissions}) AND id NOT IN (SELECT id FROM free_submission))
                SELECT held.id AS "Id", held.request_id AS "RequestId", held.xmax::text AS "Transaction", (
                    SELECT min(pid) FROM pg_locks
                    WHERE locktype = 'transactionid' AND granted AND transactionid = held.xmax) AS "Pid"
                FROM held WHERE held.xmax <> 0
                """
            )
            .ToListAsync();
    }

    /// <summary>
    /// Has the work give up after <see cref="LockTimeout"/> in every session. A pooler's session serves other programs
    /// too, so there only the transaction is told.
    /// </summary>
    private async Task<T> WithLockTimeoutAsync<T>(Func<Task<T>> work)
    {
        if (IsTimedBySession)
            return await work();
        await using var transaction = Database.CurrentTransaction is null
            ? await Database.BeginTransactionAsync()
            : null;
        await Database.ExecuteSqlAsync(
            $"SELECT set_config('lock_timeout', {LockTimeout}, true) WHERE current_setting('lock_timeout') = '0'"
        );
        var result = await work();
        if (transaction is not null)
            await transaction.CommitAsync();
        return result;
    }

    private sealed record SeenTimeline(
        string SystemId,
        string Timeline,
        long? Position,
        DateTimeOffset Now,
        string StoredSystemId,
        string StoredTimeline,
        DateTimeOffset? ForgotAt,
        DateTimeOffset? LookUpUntil,
        int Attached,
        int Visible,
        long? Reached
    );
}
