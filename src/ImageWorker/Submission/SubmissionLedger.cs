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
    private readonly Database _database;
    private readonly DatabaseTimeline _timeline;
    private readonly DatabaseClock _clock;
    private readonly LockedRequests _locked;
    private readonly WorkerIdentity _worker;
    private readonly TimeProvider _time;
    private readonly TimeSpan _lease;
    private readonly TimeSpan _settleTime;
    private readonly CallLimits _limits;
    private readonly Stopping _stopping;
    private readonly Batcher<NewClaim, Insertion> _inserts;
    private readonly Batcher<NewLease, bool> _releases;
    private readonly Batcher<NewLease, bool> _returns;

    public SubmissionLedger(
        Database database,
        DatabaseTimeline timeline,
        DatabaseClock clock,
        LockedRequests locked,
        WorkerIdentity worker,
        Stopping stopping,
        IOptions<ZpkOptions> options,
        CallLimits limits,
        TimeProvider time
    )
    {
        (_database, _timeline, _clock, _locked, _worker, _stopping, _time) = (
            database,
            timeline,
            clock,
            locked,
            worker,
            stopping,
            time
        );
        (_lease, _settleTime) = (SubmissionLease.Of(options.Value), options.Value.SettleTime);
        _limits = limits;
        _inserts = new(size: 100, parallel: 2, InsertAllAsync);
        _releases = new(size: 100, parallel: 1, ReleaseAllAsync);
        _returns = new(size: 100, parallel: 1, WaitAgainAsync);
    }

    /// <summary>
    /// False if the rest of the lease is too short for a call. A process that was suspended after its claim must not
    /// simply go on: another process may have taken over.
    /// </summary>
    public bool HasTimeForCall(Claim.Fresh claim) => _time.GetElapsedTime(claim.ClaimedAt) <= SubmissionLease.Margin;

    /// <summary>The call for this submission that the database may have forgotten; null if it cannot have.</summary>
    public ForgottenCall? ForgottenCallOf(SubmitImages message) =>
        _timeline.ForgottenCallOf(message.AcceptedAt, _lease);

    /// <summary>The note that the call of a claim has ended now, and that nobody knows whether it arrived.</summary>
    public LedgerNote EndInDoubt(string id, Claim.Fresh claim)
    {
        // Errs late: counted from before the claim was stored.
        var settled = claim.LeaseUntil - _lease + _time.GetElapsedTime(claim.ClaimedAt) + _settleTime;
        return new(id, claim.LeaseUntil, LedgerState.Started) { LeaseUntil = settled, SettledAt = settled };
    }

    /// <summary>
    /// Claims a submission, or says why not. Waits while as many calls as allowed are under way, but not for room for its
    /// tenant.
    /// </summary>
    /// <exception cref="RequestLockedException">Another transaction has locked the request's row.</exception>
    /// <exception cref="OperationCanceledException">The process stops while this still waits.</exception>
    public async Task<Claim> ClaimAsync(NewClaim wanted, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                var claim = await TryClaimAsync(wanted, ct);
                if (claim is not Submission.Claim.Full)
                    return claim;
                await Task.Delay(CallLimits.FullPause, _time, _stopping.Token);
            }
            catch (DatabaseForgotException)
            {
                await _timeline.LookAsync();
            }
        }
    }

    /// <summary>True if a request waits for its first turn.</summary>
    public Task<bool> HasWaitingAsync() => _database.InAsync(db => db.Waiting.AnyAsync());

    /// <summary>
    /// Picks up to that many of the requests that wait for their first turns, and claims their submissions. Returns them
    /// in their order, and when there may be room for others that have none now; null if all have.
    /// </summary>
    public Task<(IReadOnlyList<PickedRequest> Picked, DateTimeOffset? LookAgainAt)> PickAsync(
        int count,
        IReadOnlyList<TurnLine> lines
    ) =>
        _database.InAsync(db =>
            _limits.WithinAsync<(IReadOnlyList<PickedRequest>, DateTimeOffset?)>(
                db,
                null,
                async room =>
                {
                    if (room.All == 0)
                        return ([], _time.GetUtcNow() + CallLimits.FullPause);
                    var claimedAt = _time.GetTimestamp();
                    var picked = await db.PickAsync(new(Math.Min(count, room.All), lines, Claiming, room.Tenants));
                    foreach (var next in picked)
                        room.Note(next.Request.Tenant);
                    return ([.. picked.Select(next => next with { ClaimedAt = claimedAt })], room.LookAgainAt);
                }
            )
        );

    /// <summary>Gives up a claim whose call provably did nothing: it was only held back, and is made later.</summary>
    public Task ReleaseAsync(string id, Claim.Fresh claim) => _releases.AddAsync(new(id, claim.LeaseUntil));

    /// <summary>
    /// Gives up a claim whose call provably did nothing, and has its request wait for its first turn again, which any
    /// worker may give it. False if it does not: its first turn is over, or it has changed.
    /// </summary>
    public Task<bool> WaitAgainAsync(NewLease claim) => _returns.AddAsync(claim);

    /// <summary>Says what a claim would find, and claims nothing; null if the claim would be fresh.</summary>
    public Task<Claim?> LookAsync(string id, Guid requestId, CancellationToken ct) =>
        _database.InAsync(async db => (await LookAsync(db, id, requestId, ct)).Known);

    /// <summary>Notes a claim that the database may have forgotten, so that it is looked up like any other in doubt.</summary>
    public Task<int> RecallAsync(SubmitImages message, ForgottenCall forgotten) =>
        _database.InAsync(async db =>
        {
            var now = _time.GetUtcNow();
            if (await FindAsync(db, message.SubmissionId, CancellationToken.None) is not { } entry)
                db.Submissions.Add(
                    new()
                    {
                        Id = message.SubmissionId,
                        RequestId = message.RequestId,
                        State = LedgerState.Started,
                        Owner = _worker.Id,
                        LeaseUntil = forgotten.Until,
                        StartedAt = now,
                    }
                );
            else if (entry.State is LedgerState.Released)
                return await db
                    .Submissions.Where(row => row.Id == entry.Id && row.State == LedgerState.Released)
                    .ExecuteUpdateAsync(set =>
                        set.SetProperty(row => row.State, LedgerState.Started)
                            .SetProperty(row => row.Owner, _worker.Id)
                            .SetProperty(row => row.LeaseUntil, forgotten.Until)
                    );
            return await db.SaveChangesAsync();
        });

    /// <summary>
    /// After proof that the last call did not arrive: claims the submission for another call. Null if another process
    /// was faster since <paramref name="claim"/>: its call may be under way.
    /// </summary>
    /// <exception cref="OperationCanceledException">The process stops while this still waits.</exception>
    public async Task<Claim.Fresh?> RetakeAsync(NewClaim wanted, Claim.InDoubt claim, CancellationToken ct)
    {
        while (true)
        {
            if (
                await _database.InAsync(TryRetakeAsync)
                is not (Submission.Claim.Full or Submission.Claim.Limited)
                    and var taken
            )
                return taken as Claim.Fresh;
            await Task.Delay(CallLimits.FullPause, _time, _stopping.Token);
        }

        async Task<Claim?> TryRetakeAsync(WorkerContext db) =>
            await FindAsync(db, wanted.Id, ct) is { State: LedgerState.Started } entry
            && entry.LeaseUntil == claim.LeaseUntil
                ? await TakeAsync(db, entry, wanted.Tenant)
                : null;
    }

    private Claiming Claiming =>
        new(_worker.Id, _time.GetUtcNow(), _lease, _timeline.Timeline) { SettleTime = _settleTime };

    private async Task<Claim> TryClaimAsync(NewClaim wanted, CancellationToken ct)
    {
        var (id, requestId) = (wanted.Id, wanted.RequestId);
        var isLocked = _locked.Has(requestId) && (await _locked.FindAsync([requestId], [])).Count > 0;
        var insertion = isLocked ? Insertion.Locked : await _inserts.AddAsync(wanted);
        if (insertion.IsLocked)
            throw _locked.Refusal(requestId);
        if (insertion.Claim is { } claim)
            return claim;

        return await _database.InAsync(async db =>
        {
            var (known, entry) = await LookAsync(db, id, requestId, ct);
            return known
                ?? (
                    entry is null
                        ? new Claim.Unwanted()
                        : await TakeAsync(db, entry, wanted.Tenant) ?? Leased(await FindAsync(db, id, ct))
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
        var (now, evenSince) = await _clock.ReadAsync(db);
        var entry = await FindAsync(db, id, ct);
        Claim? known = entry switch
        {
            null or { State: LedgerState.Released } => isWanted ? null : new Claim.Unwanted(),
            { State: LedgerState.Accepted or LedgerState.Refused } => new Claim.Settled(),
            // A clock that ran evenly for so long was not set forward since the call ended, or that is longer ago.
            { HasEndedInDoubt: true } => InDoubt(evenSince + _settleTime + DatabaseClock.Tolerance),
            // Another process may have its call under way. This process knows that its own has ended.
            _ when CallEndsBy(entry) > now && entry.Owner != _worker.Id => Leased(entry),
            _ => InDoubt(evenSince + _lease),
        };
        return (known, entry);

        Claim InDoubt(DateTimeOffset settled)
        {
            // A claim that another worker made since may be forgotten, and its call under way.
            var forgotten = now + (_timeline.ForgottenCallOf(DateTimeOffset.MinValue, _lease)?.Lasts ?? TimeSpan.Zero);
            var conclusiveAt = new[] { entry.LeaseUntil, settled, forgotten }.Max();
            return new Claim.InDoubt(IsConclusive: conclusiveAt <= now, isWanted, entry.LeaseUntil)
            {
                ConclusiveAt = conclusiveAt,
            };
        }
    }

    private async Task<IReadOnlyList<Insertion>> InsertAllAsync(IReadOnlyList<NewClaim> claims)
    {
        try
        {
            return await _database.InAsync(db =>
                _limits.WithinAsync(db, claims.Select(claim => claim.Tenant), room => InsertAsync(db, claims, room))
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

    private Task<IReadOnlyList<bool>> WaitAgainAsync(IReadOnlyList<NewLease> claims) =>
        _database.InAsync<IReadOnlyList<bool>>(async db =>
        {
            var again = await db.WaitAgainAsync(claims, _time.GetUtcNow(), _lease);
            return [.. claims.Select(claim => again.Contains(claim.Id, StringComparer.Ordinal))];
        });

    private async Task<IReadOnlyList<Insertion>> InsertAsync(
        WorkerContext db,
        IReadOnlyList<NewClaim> claims,
        CallRoom room
    )
    {
        var claimedAt = _time.GetTimestamp();
        var begun = new List<NewClaim>();
        var ends = claims.Select(claim =>
        {
            if (Refusal(room, claim.Tenant) is { } refusal)
                return refusal;
            room.Note(claim.Tenant);
            begun.Add(claim);
            return null;
        });
        IReadOnlyList<Claim?> refused = [.. ends];
        var leases = begun.Count == 0 ? [] : await db.InsertClaimsAsync(begun, Claiming);
        var inserted = leases.ToDictionary(lease => lease.Id, lease => lease.Until, StringComparer.Ordinal);
        return
        [
            .. claims.Zip(
                refused,
                // If two claims are for one submission, only one is fresh.
                (claim, refusal) =>
                    new Insertion(
                        refusal ?? (inserted.Remove(claim.Id, out var until) ? new Claim.Fresh(until, claimedAt) : null)
                    )
            ),
        ];
    }

    private static Claim? Refusal(CallRoom room, string tenant) =>
        room.Has(tenant) ? null
        : room.Tenants.Of(tenant) == 0 ? new Claim.Limited(room.NextAt(tenant))
        : new Claim.Full();

    /// <summary>Null if the row has changed since it was seen.</summary>
    private async Task<Claim?> TakeAsync(WorkerContext db, SubmissionEntry seen, string tenant)
    {
        try
        {
            return await _limits.WithinAsync(db, [tenant], room => TakeAsync(db, seen, tenant, room));
        }
        catch (Exception exception) when (StepRetries.IsBlocked(exception))
        {
            if ((await _locked.FindAsync([seen.RequestId], [seen.Id])).Count == 0)
                throw;
            throw _locked.Refusal(seen.RequestId);
        }
    }

    private async Task<Claim?> TakeAsync(WorkerContext db, SubmissionEntry seen, string tenant, CallRoom room)
    {
        if (Refusal(room, tenant) is { } refusal)
            return refusal;
        var claimedAt = _time.GetTimestamp();
        if (await db.TakeClaimAsync(seen, Claiming) is not { } until)
            return null;
        room.Note(tenant);
        return new Claim.Fresh(until, claimedAt);
    }

    private static Task<SubmissionEntry?> FindAsync(WorkerContext db, string id, CancellationToken ct) =>
        db.Submissions.AsNoTracking().FirstOrDefaultAsync(entry => entry.Id == id, ct);

    private Claim Leased(SubmissionEntry? entry) =>
        entry is null ? new Claim.Unwanted() : new Claim.Leased(CallEndsBy(entry));

    /// <summary>By then its owner has noted how the call ended, or is gone.</summary>
    private DateTimeOffset CallEndsBy(SubmissionEntry entry) => entry.LeaseUntil - _settleTime;
}

/// <summary>The result of inserting one claim.</summary>
/// <param name="Claim">Null if the ledger has the submission already, or if nobody wants it.</param>
internal readonly record struct Insertion(Claim? Claim)
{
    /// <summary>Nothing was inserted: another transaction has locked the request's row.</summary>
    public static readonly Insertion Locked = new() { IsLocked = true };

    public bool IsLocked { get; private init; }
}
