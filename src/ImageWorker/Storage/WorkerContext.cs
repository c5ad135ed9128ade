using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Storage;

/// <summary>
/// The worker's tables, and the statements that LINQ cannot express. Each database has its own class, because its
/// migrations and its claims differ.
/// </summary>
public abstract class WorkerContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<ImageRequest> Requests => Set<ImageRequest>();

    public DbSet<SubmissionEntry> Submissions => Set<SubmissionEntry>();

    public DbSet<RemovedRequest> Removed => Set<RemovedRequest>();

    public DbSet<PaceRow> Pace => Set<PaceRow>();

    public DbSet<CallPaceRow> CallPace => Set<CallPaceRow>();

    public DbSet<TenantPaceRow> TenantPace => Set<TenantPaceRow>();

    public DbSet<TimelineRow> Timelines => Set<TimelineRow>();

    public DbSet<AuditRow> Audit => Set<AuditRow>();

    public DbSet<CostRow> Costs => Set<CostRow>();
    public DbSet<HistoryRow> History => Set<HistoryRow>();

    public DbSet<OutboxMessage> Outbox => Set<OutboxMessage>();

    /// <summary>
    /// Claims up to <paramref name="limit"/> due timers. Each comes due again at <paramref name="again"/> unless its
    /// request is saved before. No two callers get the same one.
    /// </summary>
    public abstract Task<List<DueTick>> ClaimTicksAsync(
        DateTimeOffset now,
        DateTimeOffset again,
        int limit,
        CancellationToken ct
    );

    /// <summary>Claims up to <paramref name="limit"/> undelivered messages that nobody is delivering.</summary>
    public abstract Task<List<OutboxMessage>> ClaimOutboxAsync(
        DateTimeOffset now,
        DateTimeOffset again,
        int limit,
        CancellationToken ct
    );

    /// <summary>
    /// Removes up to <paramref name="limit"/> requests that were closed before that time, with their ledger rows, and
    /// keeps their ids as removed. Callers at the same time get different requests, and do not wait for each other.
    /// </summary>
    public abstract Task<int> RemoveClosedAsync(
        DateTimeOffset before,
        DateTimeOffset now,
        int limit,
        CancellationToken ct
    );

    /// <summary>The same for cancellations that came before that time, and whose command never came.</summary>
    public abstract Task<int> RemoveWithdrawnAsync(DateTimeOffset before, int limit, CancellationToken ct);

    /// <summary>The same for the ids of requests that were removed before that time.</summary>
    public abstract Task<int> RemoveKnownAsync(DateTimeOffset before, int limit, CancellationToken ct);

    /// <summary>
    /// Gathers up to <paramref name="limit"/> rows of sums of the days before that one in one row for each sum. Returns
    /// how many it gathered. Callers at the same time get different rows, and do not wait for each other.
    /// </summary>
    public abstract Task<int> SettleCostsAsync(DateOnly before, int limit, CancellationToken ct);

    /// <summary>Removes up to <paramref name="limit"/> rows of sums of the days before that one.</summary>
    public abstract Task<int> RemoveCostsAsync(DateOnly before, int limit, CancellationToken ct);

    /// <summary>SQL that sums up a column of money, to the last digit.</summary>
    public abstract string SumOf(string column);

    /// <summary>
    /// Picks requests that wait for their first turns, and notes a claim for the submission of each. No two callers get
    /// the same one, and none waits for a row that is locked. What a worker of an older version has begun meanwhile comes
    /// due for its timer.
    /// </summary>
    public abstract Task<List<PickedRequest>> PickAsync(TurnPick pick);

    /// <summary>
    /// Notes these claims in the ledger. It leaves out submissions that the ledger has already, and those that their
    /// requests no longer want. Returns the claims that were noted.
    /// </summary>
    /// <exception cref="DatabaseForgotException">The database is on another timeline; nothing was noted.</exception>
    public abstract Task<List<NewLease>> InsertClaimsAsync(IReadOnlyList<NewClaim> claims, Claiming claiming);

    /// <summary>
    /// Claims a submission that the ledger has, for another call. Returns the end of the lease; null if the row has
    /// changed since it was seen (a late answer is a change too), or if its request no longer wants it.
    /// </summary>
    /// <exception cref="DatabaseForgotException">The database is on another timeline; nothing was claimed.</exception>
    public abstract Task<DateTimeOffset?> TakeClaimAsync(SubmissionEntry seen, Claiming claiming);

    /// <summary>Requests for which calls may begin.</summary>
    public IQueryable<ImageRequest> Wanting(DateTimeOffset now) =>
        Requests.Where(request => request.Deadline > now && RequestStates.Calling.Contains(request.State));

    /// <summary>Requests that wait for their first turns: <see cref="RequestTurns.IsWaiting(ImageRequest)"/>.</summary>
    public IQueryable<ImageRequest> Waiting =>
        Requests.Where(request => request.WaitingSince != null && request.State == RequestStates.Submitting);

    /// <summary>Cancellations whose command has not come.</summary>
    public IQueryable<ImageRequest> Withdrawn =>
        Requests.Where(request =>
            request.ClosedAt == null && request.NextTickAt == null && request.State == RequestStates.Withdrawn
        );

    /// <summary>
    /// The lease clock: the database's clock. All workers share it, so their own clocks need not agree. If one process
    /// has the database, its own clock.
    /// </summary>
    public abstract Task<DateTimeOffset> LeaseClockAsync(DateTimeOffset now);

    /// <summary>
    /// Reads with statements that are planned for their own values. A plan for any value can go through an index from end
    /// to end for a value that is rare.
    /// </summary>
    public virtual Task<T> ReadPlannedAsync<T>(Func<Task<T>> read, CancellationToken ct) => read();

    /// <summary>True if the database has a clock of its own.</summary>
    public virtual bool HasClock => false;

    /// <summary>Has the next paid calls begin at once: their times were told by a clock that was set back since.</summary>
    public virtual Task RestartPaceAsync() => Task.CompletedTask;

    /// <summary>Sees where the database's history stands.</summary>
    public abstract Task<TimelineLook> LookAtTimelineAsync();

    /// <summary>Stores what was seen, unless another worker has.</summary>
    /// <param name="seen">What was seen.</param>
    /// <param name="isForgetful">True if commits may be forgotten.</param>
    /// <param name="lookUpFor">How long new submissions are looked up then.</param>
    public Task NoteTimelineAsync(TimelineLook seen, bool isForgetful, TimeSpan lookUpFor)
    {
        var forgotAt = isForgetful ? seen.Now : seen.Row.ForgotAt;
        var lookUpUntil = isForgetful ? seen.Now + lookUpFor : seen.Row.LookUpUntil;
        return Timelines
            .Where(row => row.SystemId == seen.Row.SystemId && row.Timeline == seen.Row.Timeline)
            .ExecuteUpdateAsync(set =>
                set.SetProperty(row => row.SystemId, seen.SystemId)
                    .SetProperty(row => row.Timeline, seen.Timeline)
                    .SetProperty(row => row.ForgotAt, forgotAt)
                    .SetProperty(row => row.LookUpUntil, lookUpUntil)
            );
    }

    /// <summary>Why the database takes no changes, as a standby does not, for people; null if it takes them.</summary>
    public abstract Task<string?> WriteObstacleAsync(CancellationToken ct);

    /// <summary>Reserves the next slots for paid calls, one every <paramref name="interval"/>. Returns the wait for the first.</summary>
    public abstract Task<TimeSpan> ReserveSlotsAsync(int count, TimeSpan interval, DateTimeOffset now);

    /// <summary>The pace of all calls as it stands.</summary>
    public Task<CallPaceRow> LookAtPaceAsync() => CallPace.AsNoTracking().SingleAsync();

    /// <summary>
    /// Moves the pace of all calls on, while no other worker does. It never waits: false if another transaction has the
    /// row, and then nothing was done.
    /// </summary>
    /// <param name="move">Gets the row and the lease clock, and returns the new <see cref="CallPaceRow.State"/>.</param>
    /// <param name="now">This process's clock.</param>
    public abstract Task<bool> TryMovePaceAsync(Func<CallPaceRow, DateTimeOffset, string> move, DateTimeOffset now);

    /// <summary>
    /// Gives up claims whose calls provably did nothing, so that they can be claimed anew. It leaves out those that
    /// another process has taken over.
    /// </summary>
    public abstract Task ReleaseClaimsAsync(IReadOnlyList<NewLease> claims, DateTimeOffset now);

    /// <summary>
    /// Gives up such claims, and has their requests wait for their first turns again, in their old places. Returns the
    /// submissions of those that do; it leaves out requests that have changed since, or whose first turn is over.
    /// </summary>
    /// <param name="claims">The claims.</param>
    /// <param name="now">This process's clock.</param>
    /// <param name="patience">See <see cref="RequestTurns.AwaitTurn"/>.</param>
    public abstract Task<List<string>> WaitAgainAsync(
        IReadOnlyList<NewLease> claims,
        DateTimeOffset now,
        TimeSpan patience
    );

    /// <summary>Notes when a tenant's next paid call may begin.</summary>
    public Task PaceTenantAsync(string tenant, DateTimeOffset nextAt) =>
        Database.ExecuteSqlAsync(
            $"""
            INSERT INTO tenant_pace (tenant, next_at) VALUES ({tenant}, {nextAt.UtcDateTime})
            ON CONFLICT (tenant) DO UPDATE SET next_at = excluded.next_at
            """
        );

    /// <summary>Writes what this worker has counted in a step of time, in place of what it wrote before.</summary>
    public Task SaveHistoryAsync(HistoryRow row) =>
        Database.ExecuteSqlAsync(
            $"""
            INSERT INTO history (span, at, worker, counts)
            VALUES ({(short)row.Span}, {row.At.UtcDateTime}, {row.Worker}, {row.Counts})
            ON CONFLICT (span, at, worker) DO UPDATE SET counts = excluded.counts
            """
        );

    /// <summary>Makes every other worker's <see cref="InsertClaimsAsync"/> wait until the transaction ends.</summary>
    public Task LockClaimsAsync() =>
        Database.ExecuteSqlAsync($"UPDATE submission_pace SET next_at = next_at WHERE id = {PaceRow.OnlyId}");

    /// <summary>
    /// Commits units of work, each whole or not at all. Returns in their order why each was not saved; null for a saved
    /// one. From <paramref name="claimableAt"/> on, any process may deliver their undelivered events.
    /// </summary>
    /// <exception cref="DbUpdateException">One of them cannot be saved, and nothing was saved.</exception>
    public abstract Task<IReadOnlyList<Exception?>> SaveAsync(
        IReadOnlyList<UnitOfWork> units,
        DateTimeOffset claimableAt
    );

    /// <summary>
    /// Removes delivered messages. Waits for no locks: a message whose row is locked stays, and is delivered again later.
    /// </summary>
    public virtual Task<int> RemoveDeliveredAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        Outbox.Where(message => ids.Contains(message.Id)).ExecuteDeleteAsync(ct);

    /// <summary>
    /// Puts undelivered messages off after so many attempts: claims that came while one was under way do not count. Leaves
    /// out those whose rows are locked.
    /// </summary>
    public virtual Task<int> PutOffAsync(
        IReadOnlyCollection<Guid> ids,
        int attempts,
        DateTimeOffset until,
        CancellationToken ct
    ) =>
        Outbox
            .Where(message => ids.Contains(message.Id))
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(message => message.ClaimableAt, until)
                        .SetProperty(message => message.Attempts, attempts),
                ct
            );

    /// <summary>
    /// Those of these rows that another transaction holds locked. Waits for none. A database that locks no single rows
    /// has none.
    /// </summary>
    public virtual Task<List<LockedRow>> LockedAsync(
        IReadOnlyCollection<Guid> requestIds,
        IReadOnlyCollection<string> submissionIds
    ) => Task.FromResult(new List<LockedRow>());

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfiguration(new ImageRequestMap(JsonColumnType));
        modelBuilder.ApplyConfiguration(new SubmissionEntryMap());
        modelBuilder.ApplyConfiguration(new RemovedRequestMap());
        modelBuilder.ApplyConfiguration(new PaceRowMap());
        modelBuilder.ApplyConfiguration(new CallPaceRowMap());
        modelBuilder.ApplyConfiguration(new TimelineRowMap());
        modelBuilder.ApplyConfiguration(new TenantPaceRowMap());
        modelBuilder.ApplyConfiguration(new CostRowMap());
        modelBuilder.ApplyConfiguration(new AuditRowMap());
        modelBuilder.ApplyConfiguration(new OutboxMessageMap());
        modelBuilder.ApplyConfiguration(new HistoryRowMap());
        modelBuilder.UseSnakeCaseNames();
    }

    protected abstract string JsonColumnType { get; }
}

/// <summary>A submission to be claimed, the request that it is for, and the tenant whose turn it takes.</summary>
public sealed record NewClaim(string Id, Guid RequestId, string Tenant = RequestTurns.NoTenant);

/// <summary>How claims are made.</summary>
/// <param name="Owner">Who claims.</param>
/// <param name="Now">This process's clock.</param>
/// <param name="Lease">How long each claim holds.</param>
/// <param name="Timeline">The timeline that the database must be on: <see cref="DatabaseTimeline.Timeline"/>; empty for any.</param>
public sealed record Claiming(Guid Owner, DateTimeOffset Now, TimeSpan Lease, string Timeline = "")
{
    /// <summary>The end of the lease, in which the call is over: a request that is picked comes due so long before it.</summary>
    public TimeSpan SettleTime { get; init; }
}

/// <summary>A claim that was noted, and the end of its lease by <see cref="WorkerContext.LeaseClockAsync"/>.</summary>
public sealed record NewLease(string Id, DateTimeOffset Until);

/// <summary>A request whose timer came due, and its row's version then.</summary>
public sealed record DueTick(Guid Id, int Version);

/// <summary>A row that another transaction holds locked.</summary>
/// <param name="Id">The row's own id: a request's or a submission's.</param>
/// <param name="RequestId">The request that it belongs to.</param>
/// <param name="Transaction">The id of that transaction, or of the group of those that share the lock.</param>
/// <param name="Pid">Its server process; null if that is not known.</param>
public sealed record LockedRow(string Id, Guid RequestId, string Transaction, int? Pid);
