using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ImageWorker.Storage;

/// <summary>The embedded database: one file, one process at a time.</summary>
public sealed partial class SqliteContext(DbContextOptions<SqliteContext> options) : WorkerContext(options)
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
