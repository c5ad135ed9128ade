using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// The payment guard. A claim is committed before the paid call is made. A process that comes later finds the claim,
/// knows that the call may have been made, and looks it up instead of making it again.
/// </summary>
public sealed class SubmissionLedger
{
    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(100);

    private readonly Database _database;
    private readonly LockedRequests _locked;
    private readonly WorkerIdentity _worker;
    private readonly TimeProvider _time;
    private readonly TimeSpan _lease;
    private readonly TimeSpan _settleTime;
    private readonly int? _atOnce;
    private readonly Stopping _stopping;
    private readonly Batcher<NewClaim, Insertion> _inserts;
    private readonly Batcher<NewLease, bool> _releases;

    public SubmissionLedger(
        Database database,
        LockedRequests locked,
        WorkerIdentity worker,
        Stopping stopping,
        IOptions<ZpkOptions> options,
        IOptions<SubmissionOptions> submissionOptions,
        TimeProvider time
    )
    {
        (_database, _locked, _worker, _stopping, _time) = (database, locked, worker, stopping, time);
        (_lease, _settleTime) = (SubmissionLease.Of(options.Value), options.Value.SettleTime);
        _atOnce = submissionOptions.Value.AtOnce;
        _inserts = new(size: 100, parallel: 2, InsertAllAsync);
        _releases = new(size: 100, parallel: 1, ReleaseAllAsync);
    }

    /// <summary>
    /// False if the rest of the lease is too short for a call. A process that was suspended after its claim must not
    /// simply go on: another process may have taken over.
    /// </summary>
    public bool HasTimeForCall(Claim.Fresh claim) => _time.GetElapsedTime(claim.ClaimedAt) <= SubmissionLease.Margin;

    /// <summary>
    /// When ZPK lists everything that arrived until now, by the lease clock. Errs late: counted from before the claim
    /// was stored.
    /// </summary>
    public DateTimeOffset SettledBy(Claim.Fresh claim) =>
        claim.LeaseUntil - _lease + _time.GetElapsedTime(claim.ClaimedAt) + _settleTime;

    /// <summary>Claims a submission, or says why not. Waits while as many calls as allowed are under way.</summary>
    /// <exception cref="RequestLockedException">Another transaction has locked the request's row.</exception>
    /// <exception cref="OperationCanceledException">The process stops while this still waits.</exception>
    public async Task<Claim> ClaimAsync(string id, Guid requestId, CancellationToken ct)
    {
        while (true)
        {
            var claim = await TryClaimAsync(id, requestId, ct);
            if (claim is not Submission.Claim.Full)
                return claim;
            await Task.Delay(FullPause, _time, _stopping.Token);
        }
    }

    /// <summary>True if a request waits for its first turn.</summary>
    public Task<bool> HasWaitingAsync() => _database.InAsync(db => db.Waiting.AnyAsync());

    /// <summary>
    /// Picks up to that many of the requests that wait for their first turns, and claims their submissions. Returns them
    /// in their order.
    /// </summary>
    public Task<IReadOnlyList<PickedRequest>> PickAsync(int count, IReadOnlyList<TurnLine> lines) =>
        _database.InAsync(db =>
            WithinLimitAsync<IReadOnlyList<PickedRequest>>(
                db,
                async room =>
                {
                    if (room == 0)
                        return [];
                    var claimedAt = _time.GetTimestamp();
                    var pick = new TurnPick(Math.Min(count, room), lines, _worker.Id, _time.GetUtcNow(), _lease);
                    var picked = await db.PickAsync(pick);
                    return [.. picked.Select(next => next with { ClaimedAt = claimedAt })];
                }
            )
        );

    /// <summary>Gives up a claim whose call provably did nothing: it was only held back, and is made later.</summary>
    public Task ReleaseAsync(string id, Claim.Fresh claim) => _releases.AddAsync(new(id, claim.LeaseUntil));

    /// <summary>Gives up claims of picked requests that were never called, and has any worker call them soon.</summary>
    public Task GiveBackAsync(IReadOnlyList<(Guid RequestId, NewLease Claim)> picked) =>
        _database.InAsync(async db =>
        {
            var now = _time.GetUtcNow();
            var requests = picked.Select(call => call.RequestId).ToList();
            await db.ReleaseClaimsAsync([.. picked.Select(call => call.Claim)], now);
            return await db
                .Requests.Where(row => requests.Contains(row.CorrelationId) && row.State == RequestStates.Submitting)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.NextTickAt, now));
        });

    /// <summary>Says what a claim would find, and claims nothing; null if the claim would be fresh.</summary>
    public Task<Claim?> LookAsync(string id, Guid requestId, CancellationToken ct) =>
        _database.InAsync(async db => (await LookAsync(db, id, requestId, ct)).Known);

    /// <summary>
    /// After proof that the last call did not arrive: claims the submission for another call. Null if another process
    /// was faster since <paramref name="claim"/>: its call may be under way.
    /// </summary>
    /// <exception cref="OperationCanceledException">The process stops while this still waits.</exception>
    public async Task<Claim.Fresh?> RetakeAsync(string id, Claim.InDoubt claim, CancellationToken ct)
    {
        while (true)
        {
            if (await _database.InAsync(TryRetakeAsync) is not Submission.Claim.Full and var taken)
                return taken as Claim.Fresh;
            await Task.Delay(FullPause, _time, _stopping.Token);
        }

        async Task<Claim?> TryRetakeAsync(WorkerContext db) =>
            await FindAsync(db, id, ct) is { State: LedgerState.Started } entry && entry.LeaseUntil == claim.LeaseUntil
                ? await TakeAsync(db, entry)
                : null;
    }

    private async Task<Claim> TryClaimAsync(string id, Guid requestId, CancellationToken ct)
    {
        var isLocked = _locked.Has(requestId) && (await _locked.FindAsync([requestId], [])).Count > 0;
        var insertion = isLocked ? Insertion.Locked : await _inserts.AddAsync(new(id, requestId));
        if (insertion.IsLocked)
            throw _locked.Refusal(requestId);
        if (insertion.IsFull)
            return new Claim.Full();
        if (insertion.Claim is { } fresh)
            return fresh;

        return await _database.InAsync(async db =>
        {
            var (known, entry) = await LookAsync(db, id, requestId, ct);
            return known
                ?? (
                    entry is null
                        ? new Claim.Unwanted()
                        : await TakeAsync(db, entry) ?? Leased(await FindAsync(db, id, ct))
                );
        });
    }

    private async Task<(Claim? Known, SubmissionEntry? Entry)> LookAsync(
        WorkerContext db,
        string id,
        Guid requestId,
        CancellationToken ct
    )
    {
        // In this order: no call begins once the request no longer wants it, so what the ledger says then stays true.
        var isWanted = await db.Wanting(_time.GetUtcNow()).AnyAsync(request => request.CorrelationId == requestId, ct);
        var now = await db.LeaseClockAsync(_time.GetUtcNow());
        var entry = await FindAsync(db, id, ct);
        Claim? known = entry switch
        {
            null or { State: LedgerState.Released } => isWanted ? null : new Claim.Unwanted(),
            { State: LedgerState.Accepted or LedgerState.Refused } => new Claim.Settled(),
            // Another process may have its call under way. This process knows that its own has ended.
            _ when entry.LeaseUntil > now && entry.Owner != _worker.Id => Leased(entry),
            _ => new Claim.InDoubt(IsConclusive: entry.LeaseUntil <= now, isWanted, entry.LeaseUntil),
        };
        return (known, entry);
    }

    private async Task<IReadOnlyList<Insertion>> InsertAllAsync(IReadOnlyList<NewClaim> claims)
    {
        try
        {
            return await _database.InAsync(db =>
                WithinLimitAsync(db, room => InsertAsync(db, claims, Math.Min(room, claims.Count)))
            );
        }
        catch (Exception exception) when (StepRetries.IsBlocked(exception))
        {
            // Those that are locked let the others pass.
            var locked = await _locked.FindAsync(
                [.. claims.Select(claim => claim.RequestId).Distinct()],
                [.. claims.Select(claim => claim.Id).Distinct(StringComparer.Ordinal)]
            );
            if (locked.Count == 0)
                throw;
            IReadOnlyList<NewClaim> others = [.. claims.Where(claim => !IsLocked(claim))];
            var inserted = new Queue<Insertion>(others.Count == 0 ? [] : await InsertAllAsync(others));
            return [.. claims.Select(claim => IsLocked(claim) ? Insertion.Locked : inserted.Dequeue())];

            bool IsLocked(NewClaim claim) => locked.Contains($"{claim.RequestId}") || locked.Contains(claim.Id);
        }
    }

    private Task<IReadOnlyList<bool>> ReleaseAllAsync(IReadOnlyList<NewLease> claims) =>
        _database.InAsync<IReadOnlyList<bool>>(async db =>
        {
            await db.ReleaseClaimsAsync(claims, _time.GetUtcNow());
            return new bool[claims.Count];
        });

    /// <summary>Begins calls while no other worker does, and no more than there is room for.</summary>
    private async Task<T> WithinLimitAsync<T>(WorkerContext db, Func<int, Task<T>> begin)
    {
        if (_atOnce is not { } limit)
            return await begin(int.MaxValue);

        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.LockClaimsAsync();
        var now = await db.LeaseClockAsync(_time.GetUtcNow());
        var underWay = await db.Submissions.CountAsync(entry =>
            entry.State == LedgerState.Started && entry.LeaseUntil > now
        );
        var result = await begin(Math.Max(limit - underWay, 0));
        await transaction.CommitAsync();
        return result;
    }

    private async Task<IReadOnlyList<Insertion>> InsertAsync(WorkerContext db, IReadOnlyList<NewClaim> claims, int room)
    {
        var claimedAt = _time.GetTimestamp();
        var leases =
            room == 0 ? [] : await db.InsertClaimsAsync([.. claims.Take(room)], _worker.Id, _time.GetUtcNow(), _lease);
        var inserted = leases.ToDictionary(lease => lease.Id, lease => lease.Until, StringComparer.Ordinal);
        return
        [
            .. claims.Select(
                // If two claims are for one submission, only one is fresh.
                (claim, index) =>
                    new Insertion(
                        index >= room,
                        inserted.Remove(claim.Id, out var until) ? new Claim.Fresh(until, claimedAt) : null
                    )
            ),
        ];
    }

    /// <summary>Null if the row has changed since it was seen.</summary>
    private async Task<Claim?> TakeAsync(WorkerContext db, SubmissionEntry seen)
    {
        try
        {
            return await WithinLimitAsync(db, room => TakeAsync(db, seen, room));
        }
        catch (Exception exception) when (StepRetries.IsBlocked(exception))
        {
            if ((await _locked.FindAsync([seen.RequestId], [seen.Id])).Count == 0)
                throw;
            throw _locked.Refusal(seen.RequestId);
        }
    }

    private async Task<Claim?> TakeAsync(WorkerContext db, SubmissionEntry seen, int room)
    {
        if (room == 0)
            return new Claim.Full();
        var claimedAt = _time.GetTimestamp();
        return await db.TakeClaimAsync(seen, _worker.Id, _time.GetUtcNow(), _lease) is { } until
            ? new Claim.Fresh(until, claimedAt)
            : null;
    }

    private static Task<SubmissionEntry?> FindAsync(WorkerContext db, string id, CancellationToken ct) =>
        db.Submissions.AsNoTracking().FirstOrDefaultAsync(entry => entry.Id == id, ct);

    private static Claim Leased(SubmissionEntry? entry) =>
        entry is null ? new Claim.Unwanted() : new Claim.Leased(entry.LeaseUntil);
}

/// <summary>The result of inserting one claim.</summary>
/// <param name="IsFull">As many calls as allowed are under way.</param>
/// <param name="Claim">Null if the ledger has the submission already, or if nobody wants it.</param>
internal readonly record struct Insertion(bool IsFull, Claim.Fresh? Claim)
{
    /// <summary>Nothing was inserted: another transaction has locked the request's row.</summary>
    public static readonly Insertion Locked = new() { IsLocked = true };

    public bool IsLocked { get; private init; }
}
