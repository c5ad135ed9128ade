using ImageWorker.Delivery;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// The payment guard. A claim is committed before the paid call is made, so that whoever comes later, another process
/// included, knows that the call may have been made and looks it up instead of making it again.
/// </summary>
public sealed class SubmissionLedger
{
    /// <summary>Between the claim's commit and the call.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(100);

    private readonly IServiceScopeFactory scopes;
    private readonly WorkerIdentity worker;
    private readonly TimeProvider time;
    private readonly TimeSpan lease;
    private readonly TimeSpan settleTime;
    private readonly int? atOnce;
    private readonly PendingCalls calls;
    private readonly Batcher<NewClaim, Insertion> inserts;

    public SubmissionLedger(
        IServiceScopeFactory scopes,
        WorkerIdentity worker,
        PendingCalls calls,
        IOptions<ZpkOptions> options,
        IOptions<SubmissionOptions> submissionOptions,
        TimeProvider time
    )
    {
        (this.scopes, this.worker, this.calls, this.time) = (scopes, worker, calls, time);
        (lease, settleTime) = (Lease(options.Value), options.Value.SettleTime);
        atOnce = submissionOptions.Value.AtOnce;
        inserts = new(size: 100, parallel: 2, InsertAll);
    }

    /// <summary>
    /// How long a call takes at most, and ZPK until it lists what it accepted at the last moment: after that, "not found"
    /// proves that a lost call never arrived.
    /// </summary>
    public static TimeSpan Lease(ZpkOptions options) => options.GenerateTimeout + options.SettleTime + Margin;

    /// <summary>
    /// False once what is left of the lease is too short for a call: a process that was stopped since its claim must not
    /// go on as if it had not been, another one may have taken over.
    /// </summary>
    public bool HasTimeForCall(Claim.Fresh claim) => time.GetElapsedTime(claim.ClaimedAt) <= Margin;

    /// <summary>
    /// When ZPK lists what arrived until now, by the clock that leases are told by. Rather a moment late than early: it is
    /// counted from before the claim was stored.
    /// </summary>
    public DateTimeOffset SettledBy(Claim.Fresh claim) =>
        claim.LeaseUntil - lease + time.GetElapsedTime(claim.ClaimedAt) + settleTime;

    /// <summary>Claims a submission, or says why it cannot be. Waits while as many calls as may be are under way.</summary>
    /// <exception cref="OperationCanceledException">The process stops, and it was still waiting.</exception>
    public async Task<Claim> Claim(string id, Guid requestId, CancellationToken ct)
    {
        while (true)
        {
            var claim = await TryClaim(id, requestId, ct);
            if (claim is not Submission.Claim.Full)
                return claim;
            await Task.Delay(FullPause, time, calls.Stopping);
        }
    }

    /// <summary>What a claim would find, without claiming anything; null where it would be fresh.</summary>
    public async Task<Claim?> Look(string id, Guid requestId, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WorkerContext>();
        return (await Look(db, id, requestId, ct)).Known;
    }

    /// <summary>
    /// After proof that the call before did not arrive: takes the submission for another call. Null if somebody else
    /// was faster since <paramref name="claim"/>, and may be in the middle of that call.
    /// </summary>
    /// <exception cref="OperationCanceledException">The process stops, and it was still waiting.</exception>
    public async Task<Claim.Fresh?> Retake(string id, Claim.InDoubt claim, CancellationToken ct)
    {
        while (true)
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<WorkerContext>();
            if (
                await Find(db, id, ct) is not { State: LedgerState.Started } entry
                || entry.LeaseUntil != claim.LeaseUntil
            )
                return null;
            if (await Take(db, entry, ct) is not Submission.Claim.Full and var taken)
                return taken as Claim.Fresh;
            await Task.Delay(FullPause, time, calls.Stopping);
        }
    }

    private async Task<Claim> TryClaim(string id, Guid requestId, CancellationToken ct)
    {
        var insertion = await inserts.Add(new(id, requestId));
        if (insertion.IsFull)
            return new Claim.Full();
        if (insertion.Claim is { } fresh)
            return fresh;

        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WorkerContext>();
        var (known, entry) = await Look(db, id, requestId, ct);
        return known
            ?? (entry is null ? new Claim.Unwanted() : await Take(db, entry, ct) ?? Leased(await Find(db, id, ct)));
    }

    private async Task<(Claim? Known, SubmissionEntry? Entry)> Look(
        WorkerContext db,
        string id,
        Guid requestId,
        CancellationToken ct
    )
    {
        // In this order: what is no longer wanted is not begun any more, so what the ledger says then stays true.
        var isWanted = await Wanting(db, time.GetUtcNow()).AnyAsync(request => request.CorrelationId == requestId, ct);
        var now = await db.LeaseClock(time.GetUtcNow());
        var entry = await Find(db, id, ct);
        Claim? known = entry switch
        {
            null or { State: LedgerState.Released } => isWanted ? null : new Claim.Unwanted(),
            { State: LedgerState.Accepted or LedgerState.Refused } => new Claim.Settled(),
            // Another process may be in the middle of the call. Only this process knows that it is not itself.
            _ when entry.LeaseUntil > now && entry.Owner != worker.Id => Leased(entry),
            _ => new Claim.InDoubt(IsConclusive: entry.LeaseUntil <= now, isWanted, entry.LeaseUntil),
        };
        return (known, entry);
    }

    private async Task<IReadOnlyList<Insertion>> InsertAll(IReadOnlyList<NewClaim> claims)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WorkerContext>();
        return await WithinLimit(db, room => Insert(db, claims, Math.Min(room, claims.Count)));
    }

    /// <summary>Begins calls while nobody else does, and no more than there is room for.</summary>
    private async Task<T> WithinLimit<T>(WorkerContext db, Func<int, Task<T>> begin)
    {
        if (atOnce is not { } limit)
            return await begin(int.MaxValue);

        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.LockClaims();
        var now = await db.LeaseClock(time.GetUtcNow());
        var underWay = await db.Submissions.CountAsync(entry =>
            entry.State == LedgerState.Started && entry.LeaseUntil > now
        );
        var result = await begin(Math.Max(limit - underWay, 0));
        await transaction.CommitAsync();
        return result;
    }

    private async Task<IReadOnlyList<Insertion>> Insert(WorkerContext db, IReadOnlyList<NewClaim> claims, int room)
    {
        var claimedAt = time.GetTimestamp();
        var leases = room == 0 ? [] : await db.InsertClaims([.. claims.Take(room)], worker.Id, time.GetUtcNow(), lease);
        var inserted = leases.ToDictionary(lease => lease.Id, lease => lease.Until, StringComparer.Ordinal);
        return
        [
            .. claims.Select(
                // Of two claims of one submission, one is fresh.
                (claim, index) =>
                    new Insertion(
                        index >= room,
                        inserted.Remove(claim.Id, out var until) ? new Claim.Fresh(until, claimedAt) : null
                    )
            ),
        ];
    }

    private static IQueryable<ImageRequest> Wanting(WorkerContext db, DateTimeOffset now) =>
        db.Requests.Where(request =>
            request.Deadline > now
            && (
                request.State == nameof(RequestStateMachine.Submitting)
                || request.State == nameof(RequestStateMachine.Generating)
            )
        );

    /// <summary>Compare and swap on what was seen, an answer that came late and a stop included; null if it had changed.</summary>
    private Task<Claim?> Take(WorkerContext db, SubmissionEntry seen, CancellationToken ct) =>
        WithinLimit<Claim?>(
            db,
            async room =>
            {
                if (room == 0)
                    return new Claim.Full();
                var wanting = Wanting(db, time.GetUtcNow());
                var claimedAt = time.GetTimestamp();
                var until = await db.LeaseClock(time.GetUtcNow()) + lease;
                var taken = await db
                    .Submissions.Where(entry =>
                        entry.Id == seen.Id
                        && entry.State == seen.State
                        && entry.LeaseUntil == seen.LeaseUntil
                        && entry.Calls == seen.Calls
                        && wanting.Any(request => request.CorrelationId == entry.RequestId)
                    )
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(entry => entry.State, LedgerState.Started)
                                .SetProperty(entry => entry.Owner, worker.Id)
                                .SetProperty(entry => entry.LeaseUntil, until)
                                .SetProperty(entry => entry.Calls, entry => entry.Calls + 1),
                        ct
                    );
                return taken == 1 ? new Claim.Fresh(until, claimedAt) : null;
            }
        );

    private static Task<SubmissionEntry?> Find(WorkerContext db, string id, CancellationToken ct) =>
        db.Submissions.AsNoTracking().FirstOrDefaultAsync(entry => entry.Id == id, ct);

    private static Claim Leased(SubmissionEntry? entry) =>
        entry is null ? new Claim.Unwanted() : new Claim.Leased(entry.LeaseUntil);
}

/// <summary>What became of a new row.</summary>
/// <param name="IsFull">As many calls as may be are under way.</param>
/// <param name="Claim">Null where the ledger has the submission already, or nobody wants it.</param>
internal readonly record struct Insertion(bool IsFull, Claim.Fresh? Claim);

/// <summary>What became of a claim.</summary>
public abstract record Claim
{
    private Claim() { }

    /// <summary>It is ours and nothing was ever sent, or what was sent is proven not to have arrived: make the call.</summary>
    /// <param name="LeaseUntil">Until then nobody else touches it, by <see cref="WorkerContext.LeaseClock"/>.</param>
    /// <param name="ClaimedAt">This process's monotonic counter right before: how much of the lease is over is told by it.</param>
    public sealed record Fresh(DateTimeOffset LeaseUntil, long ClaimedAt) : Claim;

    /// <summary>As many calls as may be are under way.</summary>
    public sealed record Full : Claim;

    /// <summary>A call may have arrived: look it up.</summary>
    /// <param name="IsConclusive">True once "not found" proves that it never did.</param>
    /// <param name="IsWanted">False if it is only to be looked up, and not to be made again.</param>
    /// <param name="LeaseUntil">When "not found" becomes conclusive.</param>
    public sealed record InDoubt(bool IsConclusive, bool IsWanted, DateTimeOffset LeaseUntil) : Claim;

    /// <summary>Another process holds it until then.</summary>
    public sealed record Leased(DateTimeOffset Until) : Claim;

    /// <summary>Answered before; the answer is on its way.</summary>
    public sealed record Settled : Claim;

    /// <summary>Nothing was sent, and the request no longer wants it.</summary>
    public sealed record Unwanted : Claim;
}
