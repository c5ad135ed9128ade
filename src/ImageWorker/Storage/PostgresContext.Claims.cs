using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Storage;

public sealed partial class PostgresContext
{
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
                pick.Claiming.Timeline,
                pick.Claiming.SettleTime
            )
            .AsNoTracking()
            .ToListAsync();
        // The statement takes both from the same time.
        return
        [
            .. picked.Select(request => new PickedRequest(
                request,
                request.NextTickAt!.Value + pick.Claiming.SettleTime
            )),
        ];
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
                        WHERE submissions.id = ANY ({ids}) AND submissions.id = claim.id
                            AND submissions.lease_until = claim.lease_until
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
}
