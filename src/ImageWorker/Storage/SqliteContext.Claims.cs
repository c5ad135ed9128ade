using System.Text.Json;
using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Storage;

public sealed partial class SqliteContext
{
    // One process has the file, so a transaction is enough, and the order is made here.
    public override async Task<List<PickedRequest>> PickAsync(TurnPick pick)
    {
        await using var transaction = Database.CurrentTransaction is null
            ? await Database.BeginTransactionAsync()
            : null;
        var picked = new List<PickedRequest>();
        foreach (var next in await NextAsync(pick))
        {
            var request = await Requests.SingleAsync(row => row.CorrelationId == next);
            var id = request.Submissions[0].Id;
            var claims = await InsertClaimsAsync([new(id, request.CorrelationId)], pick.Claiming);
            // One that waits again has a claim that was given up.
            var until =
                claims is [var claim] ? claim.Until
                : await Submissions.AsNoTracking().SingleAsync(entry => entry.Id == id)
                    is { State: LedgerState.Released } seen
                    ? await TakeClaimAsync(seen, pick.Claiming)
                : null;
            request.TakeTurn(pick.Claiming.Now);
            request.NextTickAt = until - pick.Claiming.SettleTime ?? pick.Claiming.Now;
            if (until is { } lease)
                picked.Add(new(request, lease));
        }
        await SaveChangesAsync();
        if (transaction is not null)
            await transaction.CommitAsync();
        return picked;
    }

    /// <summary>The same order as <see cref="PostgresPick"/> makes.</summary>
    private async Task<IEnumerable<Guid>> NextAsync(TurnPick pick)
    {
        var waiting = new List<(double Turn, string Tenant, Guid Id)>();
        foreach (var line in pick.Lines)
        {
            var tenants = await Waiting
                .Where(request => request.Priority == line.Priority)
                .Select(request => request.Tenant)
                .Distinct()
                .ToListAsync();
            var inTurn = tenants
                .Where(tenant => pick.Room.Of(tenant) > 0)
                .OrderBy(tenant => string.CompareOrdinal(tenant, line.LastTenant) <= 0)
                .ThenBy(tenant => tenant, StringComparer.Ordinal)
                .Take(pick.Count);
            var rounds = new List<(int Round, string Tenant, Guid Id)>();
            foreach (var tenant in inTurn)
            {
                var oldest = await Waiting
                    .Where(request =>
                        request.Priority == line.Priority
                        && request.Tenant == tenant
                        && request.Deadline > pick.Claiming.Now
                    )
                    .OrderBy(request => request.WaitingSince)
                    .ThenBy(request => request.CorrelationId)
                    .Select(request => request.CorrelationId)
                    .Take(pick.Count)
                    .ToListAsync();
                rounds.AddRange(oldest.Select((id, round) => (round, tenant, id)));
            }
            waiting.AddRange(
                rounds
                    .OrderBy(next => next.Round)
                    .Select((next, index) => (line.Passed + line.Stride * (index + 1), next.Tenant, next.Id))
            );
        }
        return waiting
            .OrderBy(next => next.Turn)
            .GroupBy(next => next.Tenant, StringComparer.Ordinal)
            .SelectMany(tenant => tenant.Take(pick.Room.Of(tenant.Key)))
            .OrderBy(next => next.Turn)
            .Take(pick.Count)
            .Select(next => next.Id);
    }

    public override async Task<List<NewLease>> InsertClaimsAsync(IReadOnlyList<NewClaim> claims, Claiming claiming)
    {
        var (owner, now, lease, _) = claiming;
        var until = now + lease;
        var json = JsonSerializer.Serialize(
            claims.Select(claim => new { claim.Id, RequestId = claim.RequestId.ToString().ToUpperInvariant() })
        );
        var states = JsonSerializer.Serialize(RequestStates.Calling);
        var inserted = await Database
            .SqlQuery<string>(
                $"""
                INSERT INTO submissions (id, request_id, state, owner, lease_until, started_at, calls)
                SELECT claim.value ->> 'Id', claim.value ->> 'RequestId', {nameof(LedgerState.Started)}, {owner},
                    {until.UtcDateTime}, {now.UtcDateTime}, 1
                FROM json_each({json}) AS claim
                JOIN requests ON requests.id = claim.value ->> 'RequestId'
                WHERE requests.deadline > {now.UtcDateTime}
                    AND requests.state IN (SELECT value FROM json_each({states}))
                ON CONFLICT (id) DO NOTHING
                RETURNING id AS "Value"
                """
            )
            .ToListAsync();
        return [.. inserted.Select(id => new NewLease(id, until))];
    }

    public override async Task<DateTimeOffset?> TakeClaimAsync(SubmissionEntry seen, Claiming claiming)
    {
        var (owner, now, lease, _) = claiming;
        var until = now + lease;
        var taken = await Submissions
            .Where(entry =>
                entry.Id == seen.Id
                && entry.State == seen.State
                && entry.LeaseUntil == seen.LeaseUntil
                && entry.Calls == seen.Calls
                && Wanting(now).Any(request => request.CorrelationId == entry.RequestId)
            )
            .ExecuteUpdateAsync(set =>
                set.SetProperty(entry => entry.State, LedgerState.Started)
                    .SetProperty(entry => entry.Owner, owner)
                    .SetProperty(entry => entry.LeaseUntil, until)
                    .SetProperty(entry => entry.Calls, entry => entry.Calls + 1)
            );
        return taken == 1 ? until : null;
    }

    public override async Task ReleaseClaimsAsync(IReadOnlyList<NewLease> claims, DateTimeOffset now)
    {
        foreach (var claim in claims)
            await Submissions
                .Where(entry =>
                    entry.Id == claim.Id && entry.LeaseUntil == claim.Until && entry.State == LedgerState.Started
                )
                .ExecuteUpdateAsync(set =>
                    set.SetProperty(entry => entry.State, LedgerState.Released)
                        .SetProperty(entry => entry.SettledAt, now)
                );
    }

    public override async Task<List<string>> WaitAgainAsync(
        IReadOnlyList<NewLease> claims,
        DateTimeOffset now,
        TimeSpan patience
    )
    {
        await ReleaseClaimsAsync(claims, now);
        var again = new List<string>();
        foreach (var claim in claims)
        {
            var entry = await Submissions.AsNoTracking().SingleOrDefaultAsync(row => row.Id == claim.Id);
            if (entry is not { State: LedgerState.Released } || entry.LeaseUntil != claim.Until)
                continue;
            var request = await Requests.SingleOrDefaultAsync(row =>
                row.CorrelationId == entry.RequestId
                && row.State == RequestStates.Submitting
                && row.WaitingSince == null
            );
            if (request?.Submissions[0].Id != claim.Id)
                continue;
            request.AwaitTurnAgain(now, patience);
            again.Add(claim.Id);
        }
        await SaveChangesAsync();
        return again;
    }
}
