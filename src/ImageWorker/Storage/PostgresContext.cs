using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ImageWorker.Storage;

public sealed class PostgresContext(DbContextOptions<PostgresContext> options) : WorkerContext(options)
{
    /// <summary>How long a statement waits for a lock. Steps lock a row for milliseconds.</summary>
    internal const string LockTimeout = "1s";

    private static readonly string SettleCosts = $$"""
        WITH open AS (
            SELECT ctid FROM costs WHERE slot <> 0 AND day < {0} LIMIT {1} FOR UPDATE SKIP LOCKED),
        gathered AS (
            DELETE FROM costs WHERE ctid = ANY (ARRAY(SELECT ctid FROM open)) RETURNING *),
        settled AS (
            {{PostgresSave.AddCosts("gathered", $"{CostRow.Settled}", "sum(requests)", "sum(unknown)")}})
        SELECT count(*)::int AS "Value" FROM gathered
        """;

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

    public override async Task<List<PickedRequest>> PickAsync(TurnPick pick)
    {
        var picked = await Requests
            .FromSqlRaw(
                PostgresPick.Statement,
                pick.Lines.Select(line => (short)line.Priority).ToArray(),
                pick.Lines.Select(line => line.Passed).ToArray(),
                pick.Lines.Select(line => line.Stride).ToArray(),
                pick.Lines.Select(line => line.LastTenant).ToArray(),
                pick.Count,
                pick.Claiming.Owner,
                pick.Claiming.Now.UtcDateTime,
                pick.Claiming.Lease,
                pick.Room.ByTenant.Keys.ToArray(),
                pick.Room.ByTenant.Values.ToArray(),
                pick.Room.Others,
                pick.Claiming.Timeline
            )
            .AsNoTracking()
            .ToListAsync();
        // The statement gives the row and its claim the same time.
        return [.. picked.Select(request => new PickedRequest(request, request.NextTickAt!.Value))];
    }

    // Locks the requests. So once a request is seen as stopped, every claim for it is committed.
    public override Task<List<NewLease>> InsertClaimsAsync(IReadOnlyList<NewClaim> claims, Claiming claiming) =>
        ClaimAsync(
            PostgresClaims.Insert,
            claiming,
            claims.Select(claim => claim.Id).ToArray(),
            claims.Select(claim => claim.RequestId).ToArray(),
            RequestStates.Calling
        );

    public override async Task<DateTimeOffset?> TakeClaimAsync(SubmissionEntry seen, Claiming claiming)
    {
        var taken = await ClaimAsync(
            PostgresClaims.Take,
            claiming,
            seen.RequestId,
            seen.Id,
            RequestStates.Calling,
            seen.State.ToString(),
            seen.Calls,
            seen.LeaseUntil.UtcDateTime
        );
        return taken.SingleOrDefault()?.Until;
    }

    private async Task<List<NewLease>> ClaimAsync(string statement, Claiming claiming, params object[] arguments)
    {
        var claims = await WithLockTimeoutAsync(() =>
            Database
                .SqlQueryRaw<NewLease>(
                    statement,
                    [claiming.Timeline, claiming.Owner, claiming.Now.UtcDateTime, claiming.Lease, .. arguments]
                )
                .ToListAsync()
        );
        return claims is [{ Id: PostgresClaims.Elsewhere }] ? throw new DatabaseForgotException() : claims;
    }

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

    public override Task RestartPaceAsync() =>
        Database.ExecuteSqlAsync(
            $"""
            WITH all_calls AS (
                UPDATE submission_pace SET next_at = clock_timestamp() WHERE next_at > clock_timestamp())
            UPDATE tenant_pace SET next_at = clock_timestamp() WHERE next_at > clock_timestamp()
            """
        );

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

    // By the database's clock, because all workers share it.
    public override async Task<TimeSpan> ReserveSlotsAsync(int count, TimeSpan interval, DateTimeOffset now)
    {
        var waits = await Database
            .SqlQuery<TimeSpan>(
                $"""
                UPDATE submission_pace SET next_at = greatest(next_at, clock_timestamp()) + {interval * count}
                WHERE id = {PaceRow.OnlyId}
                RETURNING next_at - {interval * count} - clock_timestamp() AS "Value"
                """
            )
            .ToListAsync();
        return waits[0];
    }

    public override async Task<bool> TryMovePaceAsync(
        Func<CallPaceRow, DateTimeOffset, string> move,
        DateTimeOffset now
    )
    {
        await using var transaction = await Database.BeginTransactionAsync();
        var seen = await Database
            .SqlQuery<SeenPace>(
                $"""
                SELECT state AS "State", ceiling AS "Ceiling", paused_at AS "PausedAt", pause_reason AS "PauseReason",
                    clock_timestamp() AS "Now"
                FROM call_pace WHERE id = {CallPaceRow.OnlyId} FOR UPDATE SKIP LOCKED
                """
            )
            .ToListAsync();
        if (seen is not [var pace])
            return false;
        var row = new CallPaceRow
        {
            State = pace.State,
            Ceiling = pace.Ceiling,
            PausedAt = pace.PausedAt,
            PauseReason = pace.PauseReason,
        };
        var state = move(row, pace.Now);
        await Database.ExecuteSqlAsync($"UPDATE call_pace SET state = {state} WHERE id = {CallPaceRow.OnlyId}");
        await transaction.CommitAsync();
        return true;
    }

    public override Task ReleaseClaimsAsync(IReadOnlyList<NewLease> claims, DateTimeOffset now)
    {
        var ids = claims.Select(claim => claim.Id).ToArray();
        var leases = claims.Select(claim => claim.Until.UtcDateTime).ToArray();
        return Database.ExecuteSqlAsync(
            $"""
            UPDATE submissions SET state = {nameof(LedgerState.Released)}, settled_at = {now.UtcDateTime}
            FROM unnest({ids}, {leases}) AS claim (id, lease_until)
            WHERE submissions.id = ANY ({ids}) AND submissions.id = claim.id AND submissions.lease_until = claim.lease_until
                AND submissions.state = {nameof(LedgerState.Started)}
            """
        );
    }

    public override Task<List<string>> WaitAgainAsync(
        IReadOnlyList<NewLease> claims,
        DateTimeOffset now,
        TimeSpan patience
    )
    {
        var ids = claims.Select(claim => claim.Id).ToArray();
        var leases = claims.Select(claim => claim.Until.UtcDateTime).ToArray();
        return WithLockTimeoutAsync(() =>
            Database
                .SqlQuery<string>(
                    $"""
                    WITH released AS (
                        UPDATE submissions SET state = {nameof(LedgerState.Released)}, settled_at = {now.UtcDateTime}
                        FROM unnest({ids}, {leases}) AS claim (id, lease_until)
                        WHERE submissions.id = ANY ({ids}) AND submissions.id = claim.id AND submissions.lease_until = claim.lease_until
                            AND submissions.state IN ({nameof(LedgerState.Started)}, {nameof(LedgerState.Released)})
                        RETURNING submissions.id, request_id),
                    again AS (
                        SELECT requests.id, released.id AS submission, requested_at + coalesce(
                            (command ->> 'startWithinSeconds')::int * interval '1 second',
                            {RequestTurns.LongestWait}) AS until
                        FROM requests JOIN released ON released.request_id = requests.id
                        WHERE requests.id = ANY (ARRAY(SELECT request_id FROM released))
                            AND submissions -> 0 ->> 'id' = released.id)
                    UPDATE requests SET
                        waiting_since = requested_at,
                        version = version + 1,
                        deadline = again.until,
                        next_tick_at = least(again.until, {(now + patience).UtcDateTime})
                    FROM again
                    WHERE requests.id = ANY (ARRAY(SELECT id FROM again)) AND requests.id = again.id
                        AND state = {RequestStates.Submitting} AND waiting_since IS NULL
                    RETURNING again.submission AS "Value"
                    """
                )
                .ToListAsync()
        );
    }

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

    private sealed record SeenPace(
        string State,
        double? Ceiling,
        DateTimeOffset? PausedAt,
        string? PauseReason,
        DateTimeOffset Now
    );
}
