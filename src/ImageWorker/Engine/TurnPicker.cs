using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// Has this process pick as many requests as it can call soon, and gives back those that it cannot call after all.
/// </summary>
public sealed partial class TurnPicker(
    PendingCalls calls,
    Turns turns,
    CallPace pace,
    ZpkGate gate,
    SubmissionLedger ledger,
    RequestStore store,
    DueTimes dueTimes,
    Stopping stopping,
    IOptions<SubmissionOptions> options,
    TimeProvider time,
    ILogger<TurnPicker> logger
)
{
    /// <summary>While a flood of commands is stored, one call is picked for so many of them.</summary>
    private const int StoredForEachPick = 2;

    private readonly int _concurrency = options.Value.Concurrency;
    private Task _picking = Task.CompletedTask;
    private long _pickedAt;
    private int _begunSince;
    private long _storedBefore;

    /// <summary>True if more may be picked once a flood is over, of which nothing tells.</summary>
    public bool LooksAgainAfterFlood { get; private set; }

    /// <summary>Notes that a paid call began.</summary>
    public void NoteBegun() => _begunSince++;

    /// <summary>
    /// Has the calls picked that can begin soon: as many as there is room for, and those of the next tenth of a second.
    /// Not more, so that what comes later and is more urgent need not wait for them.
    /// </summary>
    /// <param name="underWay">How many paid calls are under way.</param>
    public void Begin(int underWay)
    {
        LooksAgainAfterFlood = false;
        if (!turns.MayHaveNext || !_picking.IsCompleted || stopping.Token.IsCancellationRequested)
            return;
        var elapsed = time.GetElapsedTime(_pickedAt);
        var ahead = (int)Math.Min(_concurrency, _begunSince * (SubmissionPace.Ahead / elapsed));
        var room = _concurrency - underWay;
        var most = gate.IsOnTrialForPaying ? 1 : Math.Min(pace.RoomFor(SubmissionPace.Ahead), room + ahead);
        var ready = calls.ReadyToPay;
        var stored = turns.Stored;
        // Calls that nothing limits would take most of the time that storing needs. But as long as a flood is not stored,
        // nobody sees which of it is urgent. They are picked in blocks: a pick of few takes as long as one of many.
        LooksAgainAfterFlood = pace.Rate is null && turns.IsFlooded;
        if (LooksAgainAfterFlood)
        {
            var share = (stored - _storedBefore) / StoredForEachPick;
            most = share < _concurrency / 2 ? 0 : (int)Math.Min(most, ready + share);
        }
        if (ready > ahead / 2 || most <= ready)
            return;
        (_pickedAt, _begunSince, _storedBefore) = (time.GetTimestamp(), 0, stored);
        _picking = PickAsync(most - ready);
    }

    /// <summary>
    /// Has a call that ZPK refused wait for its turn again, if it came first because nobody knew of a limit, and would now
    /// stand before others for long. False if it does not.
    /// </summary>
    public async Task<bool> WaitAgainAsync(PendingCall call, HeldBack held)
    {
        if (
            held is not { Refusal: not null, Claim: { } claim }
            || call.WasPicked
            || calls.Waiting(paid: true).Count < pace.RoomFor(SubmissionPace.Ahead)
            || !await GiveBackAsync([claim])
        )
            return false;
        turns.NoteWaiting();
        return true;
    }

    /// <summary>Ends, and gives back what was picked and not called: it is any worker's again.</summary>
    public async Task EndAsync()
    {
        await _picking;
        await GiveBackAsync([
            .. calls.TakePicked().Select(call => new NewLease(call.Message.SubmissionId, call.Claim!.LeaseUntil)),
        ]);
    }

    private async Task PickAsync(int count)
    {
        // The loop goes on at once.
        await Task.Yield();
        try
        {
            foreach (var next in await turns.PickAsync(count))
            {
                var (request, claim) = (next.Request, new Claim.Fresh(next.LeaseUntil, next.ClaimedAt));
                dueTimes.Set(request.CorrelationId, request.Version, request.NextTickAt);
                store.Keep(request);
                if (!calls.AddPicked(SubmissionOf(request), claim, next.NotBefore))
                    await GiveBackAsync([new(request.Submissions[0].Id, next.LeaseUntil)]);
            }
        }
        catch (OperationCanceledException) when (stopping.Token.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception)
        {
            Log.PickFailed(logger, exception);
        }
        finally
        {
            calls.Signal();
        }
    }

    private static SubmitImages SubmissionOf(ImageRequest request)
    {
        var first = request.Submissions[0];
        var wait = request.WaitForCall(first, RequestWait.Turn, due: null);
        return SubmitImages.For(request, first, RequestTracing.Of(request, first, wait));
    }

    private async Task<bool> GiveBackAsync(IReadOnlyList<NewLease> claims)
    {
        try
        {
            var waiting = await Task.WhenAll(claims.Select(ledger.WaitAgainAsync));
            return waiting.All(waits => waits);
        }
        catch (Exception exception)
        {
            Log.NotGivenBack(logger, claims.Count, exception.GetBaseException().Message);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Error,
            "Requests that were picked could not be handed on; their timers have them called"
        )]
        public static partial void PickFailed(ILogger logger, Exception exception);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "{Count} requests could not be given back to those that wait: {Error}; their timers have them called"
        )]
        public static partial void NotGivenBack(ILogger logger, int count, string error);
    }
}
