using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Storage;

/// <summary>
/// The worker's tables, and the statements that EF cannot say in LINQ. One class for each database, since their
/// migrations and their claims differ.
/// </summary>
public abstract class WorkerContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<ImageRequest> Requests => Set<ImageRequest>();

    public DbSet<SubmissionEntry> Submissions => Set<SubmissionEntry>();

    public DbSet<RemovedRequest> Removed => Set<RemovedRequest>();

    public DbSet<PaceRow> Pace => Set<PaceRow>();

    public DbSet<OutboxMessage> Outbox => Set<OutboxMessage>();

    /// <summary>
    /// Takes up to <paramref name="limit"/> timers that came due; each comes due again at
    /// <paramref name="again"/> unless its request is saved before. No two callers get the same one.
    /// </summary>
    public abstract Task<List<DueTick>> ClaimTicksAsync(
        DateTimeOffset now,
        DateTimeOffset again,
        int limit,
        CancellationToken ct
    );

    /// <summary>Takes up to <paramref name="limit"/> undelivered messages that nobody is delivering.</summary>
    public abstract Task<List<OutboxMessage>> ClaimOutboxAsync(
        DateTimeOffset now,
        DateTimeOffset again,
        int limit,
        CancellationToken ct
    );

    /// <summary>
    /// Removes up to <paramref name="limit"/> requests that were closed before that moment, with their ledger rows;
    /// their ids are kept among the removed ones. Callers at the same time take different ones and do not wait for each other.
    /// </summary>
    public abstract Task<int> RemoveClosedAsync(
        DateTimeOffset before,
        DateTimeOffset now,
        int limit,
        CancellationToken ct
    );

    /// <summary>The same for cancellations that came before that moment, and whose command never did.</summary>
    public abstract Task<int> RemoveWithdrawnAsync(DateTimeOffset before, int limit, CancellationToken ct);

    /// <summary>The same for the ids of requests that were removed before that moment.</summary>
    public abstract Task<int> RemoveKnownAsync(DateTimeOffset before, int limit, CancellationToken ct);

    /// <summary>
    /// Notes these claims in the ledger, but for submissions that it has already and for those whose requests no longer
    /// want them. Returns those that were noted.
    /// </summary>
    public abstract Task<List<NewLease>> InsertClaimsAsync(
        IReadOnlyList<NewClaim> claims,
        Guid owner,
        DateTimeOffset now,
        TimeSpan lease
    );

    /// <summary>
    /// Takes a submission that the ledger has for another call, unless its row is no longer as it was seen, an answer
    /// that came late included, or its request no longer wants it; null then, else the end of the lease.
    /// </summary>
    public abstract Task<DateTimeOffset?> TakeClaimAsync(
        SubmissionEntry seen,
        Guid owner,
        DateTimeOffset now,
        TimeSpan lease
    );

    /// <summary>Requests for which calls may be begun.</summary>
    public IQueryable<ImageRequest> Wanting(DateTimeOffset now) =>
        Requests.Where(request => request.Deadline > now && RequestStates.Calling.Contains(request.State));

    /// <summary>
    /// What leases are told by: the database's clock, which all workers share, so that theirs need not agree. Where one
    /// process has the database, its own.
    /// </summary>
    public abstract Task<DateTimeOffset> LeaseClockAsync(DateTimeOffset now);

    /// <summary>Asks the database why it takes no changes, as a standby does not, for people; null if it does.</summary>
    public abstract Task<string?> WriteObstacleAsync(CancellationToken ct);

    /// <summary>Reserves the next slots for paid calls, one every <paramref name="interval"/>. Returns the wait for the first.</summary>
    public abstract Task<TimeSpan> ReserveSlotsAsync(int count, TimeSpan interval, DateTimeOffset now);

    /// <summary>Has every other worker wait with <see cref="InsertClaimsAsync"/> until the transaction ends.</summary>
    public Task LockClaimsAsync() =>
        Database.ExecuteSqlAsync($"UPDATE submission_pace SET next_at = next_at WHERE id = {PaceRow.OnlyId}");

    /// <summary>
    /// Commits what steps led to, each whole or not at all. Returns why a unit was not saved, null for one that was; in
    /// the order of the units. Undelivered events are anybody's from <paramref name="claimableAt"/> on.
    /// </summary>
    /// <exception cref="DbUpdateException">One of them cannot be saved, and nothing was.</exception>
    public abstract Task<IReadOnlyList<Exception?>> SaveAsync(
        IReadOnlyList<UnitOfWork> units,
        DateTimeOffset claimableAt
    );

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfiguration(new ImageRequestMap(JsonColumnType));
        modelBuilder.ApplyConfiguration(new SubmissionEntryMap());
        modelBuilder.ApplyConfiguration(new RemovedRequestMap());
        modelBuilder.ApplyConfiguration(new PaceRowMap());
        modelBuilder.ApplyConfiguration(new OutboxMessageMap());
        modelBuilder.UseSnakeCaseNames();
    }

    protected abstract string JsonColumnType { get; }
}

/// <summary>A submission to be claimed, and the request that it is for.</summary>
public sealed record NewClaim(string Id, Guid RequestId);

/// <summary>A claim that was noted, and its end by <see cref="WorkerContext.LeaseClockAsync"/>.</summary>
public sealed record NewLease(string Id, DateTimeOffset Until);

/// <summary>A request whose timer came due, at the version that its row had then.</summary>
public sealed record DueTick(Guid Id, int Version);
