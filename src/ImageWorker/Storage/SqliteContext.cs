using System.Text.Json;
using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ImageWorker.Storage;

/// <summary>The embedded database: one file, one process at a time.</summary>
public sealed class SqliteContext(DbContextOptions<SqliteContext> options) : WorkerContext(options)
{
    protected override string JsonColumnType => "TEXT";

    public override async Task<IReadOnlyList<Exception?>> SaveAsync(
        IReadOnlyList<UnitOfWork> units,
        DateTimeOffset claimableAt
    )
    {
        ChangeTracker.AutoDetectChangesEnabled = false;
        foreach (var unit in units)
            Track(unit, claimableAt);
        var added = units.AddedIds();
        await using var transaction = await Database.BeginTransactionAsync();
        foreach (var closed in units.Select(unit => unit.Closed).OfType<ClosedCost>())
            await AddAsync(closed);
        try
        {
            await SaveChangesAsync();
        }
        catch (DbUpdateConcurrencyException lost) when (lost.Entries.Any(row => row.Entity is SubmissionEntry))
        {
            throw new ClaimLostException();
        }
        if (await Removed.AnyAsync(entry => added.Contains(entry.RequestId)))
            throw new RequestRemovedException();
        await transaction.CommitAsync();
        return new Exception?[units.Count];
    }

    public override Task<List<DueTick>> ClaimTicksAsync(
        DateTimeOffset now,
        DateTimeOffset again,
        int limit,
        CancellationToken ct
    ) =>
        Database
            .SqlQueryRaw<DueTick>(
                $$"""
                UPDATE requests SET next_tick_at = {1}
                WHERE id IN (
                    SELECT id FROM requests
                    WHERE next_tick_at <= {0} AND NOT ({{WaitingRequests.Condition}})
                    ORDER BY next_tick_at LIMIT {2})
                OR id IN (
                    SELECT id FROM requests
                    WHERE deadline <= {0} AND next_tick_at <= {0} AND {{WaitingRequests.Condition}}
                    ORDER BY deadline LIMIT {2})
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
                WHERE id IN (
                    SELECT id FROM outbox WHERE claimable_at <= {now.UtcDateTime}
                    ORDER BY claimable_at LIMIT {limit})
                RETURNING *
                """
            )
            .AsNoTracking()
            .ToListAsync(ct);

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
            request.NextTickAt = until ?? pick.Claiming.Now;
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

    public override Task<DateTimeOffset> LeaseClockAsync(DateTimeOffset now) => Task.FromResult(now);

    // A file has one history, and nobody to fail over to.
    public override async Task<TimelineLook> LookAtTimelineAsync() =>
        new("", "", null, TimeProvider.System.GetUtcNow(), await Timelines.AsNoTracking().SingleAsync(), Standbys.None);

    // The start has already found out that this process may write the file.
    public override async Task<string?> WriteObstacleAsync(CancellationToken ct)
    {
        await Database.ExecuteSqlAsync($"SELECT 1", ct);
        return null;
    }

    // One process at a time has the file, so its own clock is enough.
    public override async Task<TimeSpan> ReserveSlotsAsync(int count, TimeSpan interval, DateTimeOffset now)
    {
        var row = await Pace.SingleAsync();
        var first = row.NextAt > now ? row.NextAt : now;
        row.NextAt = first + interval * count;
        await SaveChangesAsync();
        return first - now;
    }

    public override async Task<bool> TryMovePaceAsync(
        Func<CallPaceRow, DateTimeOffset, string> move,
        DateTimeOffset now
    )
    {
        var row = await CallPace.SingleAsync();
        row.State = move(row, now);
        await SaveChangesAsync();
        return true;
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

    // EF's own: SQLite's would add them up as binary floats.
    public override string SumOf(string column) => $"ef_sum({column})";

    /// <summary>SQLite cannot compare times with an offset. As UTC without an offset they sort as text.</summary>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcConverter>();

    private async Task AddAsync(ClosedCost closed)
    {
        var row = await Costs.FindAsync(
            closed.Day,
            closed.Model,
            closed.Quality,
            closed.Tenant,
            closed.Outcome,
            CostRow.Settled
        );
        if (row is null)
        {
            row = new()
            {
                Day = closed.Day,
                Model = closed.Model,
                Quality = closed.Quality,
                Tenant = closed.Tenant,
                Outcome = closed.Outcome,
            };
            Costs.Add(row);
        }
        else if (Entry(row) is { State: EntityState.Unchanged } known)
        {
            known.State = EntityState.Modified;
        }
        row.Add(closed);
    }

    private void Track(UnitOfWork unit, DateTimeOffset claimableAt)
    {
        if (unit.Change is not RowChange.None)
        {
            var row = Entry(Alone(unit.Request!, Requests.Local.FindEntry(unit.Request!.CorrelationId)));
            row.State = unit.Change is RowChange.Insert ? EntityState.Added : EntityState.Modified;
            row.Property(request => request.Version).OriginalValue = unit.SeenVersion;
        }
        if (unit.Ledger is { } note)
            Apply(
                note,
                Attach(
                    Alone(
                        new SubmissionEntry { Id = note.SubmissionId, LeaseUntil = note.Held },
                        Submissions.Local.FindEntry(note.SubmissionId)
                    )
                )
            );
        foreach (var message in unit.Events)
            message.ClaimableAt = claimableAt;
        Outbox.AddRange(unit.Events);
    }

    private static void Apply(LedgerNote note, EntityEntry<SubmissionEntry> row)
    {
        if (note.LeaseUntil is { } until)
        {
            row.Property(entry => entry.LeaseUntil).CurrentValue = until;
            return;
        }
        row.Property(entry => entry.State).CurrentValue = note.State;
        row.Property(entry => entry.ProviderId).CurrentValue = note.ProviderId;
        row.Property(entry => entry.Cost).CurrentValue = note.Cost;
        row.Property(entry => entry.SettledAt).CurrentValue = note.SettledAt;
    }

    private static T Alone<T>(T entity, object? tracked) =>
        tracked is null ? entity : throw new DbUpdateConcurrencyException("Two steps of one request at once.");

    private sealed class UtcConverter()
        : ValueConverter<DateTimeOffset, DateTime>(
            instant => instant.UtcDateTime,
            stored => new DateTimeOffset(DateTime.SpecifyKind(stored, DateTimeKind.Utc))
        );
}
