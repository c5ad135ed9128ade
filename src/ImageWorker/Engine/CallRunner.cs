using System.Collections.Concurrent;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// Makes the <see cref="PendingCalls"/>, several at once, each in its turn, and tells the saga their answers. A call is
/// taken from its line only when it may begin. One that was held back goes to the front of its line again, and nobody is
/// told: it has not failed.
/// </summary>
public sealed partial class CallRunner(
    PendingCalls calls,
    Turns turns,
    CallPace pace,
    ZpkGate gate,
    SubmissionLedger ledger,
    RequestStore store,
    DueTimes dueTimes,
    Submitter submitter,
    Checker checker,
    RequestDoor door,
    Stopping stopping,
    IOptions<SubmissionOptions> submissionOptions,
    TimeProvider time,
    ILogger<CallRunner> logger
)
{
    private const int LookUpsAtOnce = 8;

    // A call that is refused so often, while so many others pass each time, is refused for its own sake.
    private const int RefusalsOfItsOwn = 5;
    private const int OthersThatPass = 10;

    private readonly SubmissionOptions _options = submissionOptions.Value;
    private readonly ConcurrentDictionary<string, (int Times, long Passed)> _refusals = new(StringComparer.Ordinal);
    private int _checks;
    private int _submissions;
    private int _trials;
    private Task _picking = Task.CompletedTask;
    private long _pickedAt;
    private int _begunSince;

    /// <summary>Returns once no more calls are taken and all calls are done.</summary>
    public async Task RunAsync()
    {
        var lookingUp = Enumerable.Range(0, LookUpsAtOnce).Select(_ => LookUpAsync()).ToList();
        try
        {
            await BeginCallsAsync();
        }
        catch (OperationCanceledException) when (stopping.Token.IsCancellationRequested)
        {
            Log.LeftUndone(logger, calls.Waiting(paid: true).Count + calls.Waiting(paid: false).Count);
        }
        await Task.WhenAll(lookingUp);
        await _picking;
        await GiveBackAsync();
        while (_checks + _submissions > 0)
            await calls.WaitForChangeAsync(null, CancellationToken.None);
    }

    private bool MayCheck =>
        _checks < _options.CheckConcurrency && gate.Closed is null && !(gate.IsOnTrial && _trials > 0);

    private bool MaySubmit =>
        _submissions < _options.Concurrency && turns.IsOpen && !(gate.IsOnTrialForPaying && _trials > 0);

    private async Task BeginCallsAsync()
    {
        while (true)
        {
            BeginPicking();
            if (!calls.HasNext(MayCheck, MaySubmit))
            {
                if (calls.IsComplete && _checks + _submissions == 0)
                    return;
                await calls.WaitForChangeAsync(NextOpening, CancellationToken.None);
                continue;
            }
            var turn = await pace.TakeTurnAsync(HowManyWait, stopping.Token);
            if (calls.Take(MayCheck, MaySubmit) is not { } call)
            {
                turn.Dispose();
                continue;
            }
            var isTrial = gate.IsOnTrialForPaying;
            Count(call, 1, isTrial);
            _ = CallAsync(call, turn, isTrial);
        }
    }

    /// <summary>When the gate, the operator's pause or the room of tenants must be looked at again; null for never.</summary>
    private DateTimeOffset? NextOpening =>
        pace.Pause is not null ? time.GetUtcNow() + TimeSpan.FromSeconds(1)
        : gate.ClosedForPaying is { Until: var until } ? until
        : turns.LookAgainAt is { } at && at > time.GetUtcNow() ? at
        : null;

    /// <summary>The calls that could begin now, but for their turns.</summary>
    private int HowManyWait() =>
        (MayCheck ? Math.Min(calls.Waiting(paid: false).Count, _options.CheckConcurrency - _checks) : 0)
        + (MaySubmit ? Math.Min(calls.Waiting(paid: true).Count, _options.Concurrency - _submissions) : 0);

    /// <summary>
    /// Has the calls picked that can begin soon: as many as there is room for, and those of the next tenth of a second.
    /// Not more, so that what comes later and is more urgent need not wait for them.
    /// </summary>
    private void BeginPicking()
    {
        if (!MaySubmit || !turns.MayHaveNext || !_picking.IsCompleted || stopping.Token.IsCancellationRequested)
            return;
        var elapsed = time.GetElapsedTime(_pickedAt);
        var ahead = (int)Math.Min(_options.Concurrency, _begunSince * (SubmissionPace.Ahead / elapsed));
        var room = _options.Concurrency - _submissions;
        var most = gate.IsOnTrialForPaying ? 1 : Math.Min(pace.RoomFor(SubmissionPace.Ahead), room + ahead);
        var ready = calls.ReadyToPay;
        if (ready > ahead / 2 || most <= ready)
            return;
        (_pickedAt, _begunSince) = (time.GetTimestamp(), 0);
        _picking = PickAsync(most - ready);
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
                    await ledger.GiveBackAsync([
                        (request.CorrelationId, new(request.Submissions[0].Id, next.LeaseUntil)),
                    ]);
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
        return new(request.CorrelationId, first.Id, first.ImageNumbers.Count, request.Command!)
        {
            Trace = RequestTracing.Of(request, first, request.WaitForCall(first, RequestWait.Turn, due: null)),
        };
    }

    /// <summary>What was picked, and was not called because the process stops, is any worker's again.</summary>
    private async Task GiveBackAsync()
    {
        var left = calls.TakePicked();
        if (left.Count == 0)
            return;
        try
        {
            await ledger.GiveBackAsync([
                .. left.Select(call =>
                    (call.Message.RequestId, new NewLease(call.Message.SubmissionId, call.Claim!.LeaseUntil))
                ),
            ]);
        }
        catch (Exception exception)
        {
            Log.NotGivenBack(logger, left.Count, exception.GetBaseException().Message);
        }
    }

    private void Count(PendingCall call, int one, bool isTrial)
    {
        if (call.Message is CheckImages)
            Interlocked.Add(ref _checks, one);
        else
            Interlocked.Add(ref _submissions, one);
        if (one > 0 && call.Message is SubmitImages)
            _begunSince++;
        if (isTrial)
            Interlocked.Add(ref _trials, one);
    }

    private async Task CallAsync(PendingCall call, PaceTurn turn, bool isTrial)
    {
        // The loop goes on at once.
        await Task.Yield();
        var heldBack = await MakeAsync(call, turn);
        Count(call, -1, isTrial);
        if (heldBack is { } until)
            calls.PutBack(call, until);
        else
            calls.Done(call);
    }

    private async Task LookUpAsync()
    {
        await foreach (var call in calls.LookUps.ReadAllAsync())
        {
            await MakeAsync(call, null);
            calls.Done(call);
        }
    }

    /// <summary>Makes the call. Returns when to make it again if it was only held back; else null.</summary>
    private async Task<DateTimeOffset?> MakeAsync(PendingCall call, PaceTurn? turn)
    {
        // It lasts until the answer is saved, so that what the saga says of it belongs to it.
        using var span = RequestTracing.StartCall(call.Message, call.Wait, time.GetUtcNow());
        try
        {
            using (turn)
            {
                var claim = call.Claim;
                call.Claim = null;
                var result = call.Message switch
                {
                    SubmitImages submit => await submitter.HandleAsync(submit, claim, span, CancellationToken.None),
                    CheckImages check => await checker.HandleAsync(check, span, CancellationToken.None),
                    var other => throw new InvalidOperationException($"{other.GetType().Name} is no call."),
                };
                var answer = result.Answer;
                if (result.HeldBack is { } held)
                {
                    if (!IsRefusedForItsOwnSake(call, turn, held))
                        return held.Until;
                    answer = held.AsFailure;
                }
                else
                {
                    _refusals.TryRemove(call.Key, out _);
                }
                if (answer is null)
                    return null;
                turn?.Dispose();
                await door.TellAsync(answer);
            }
        }
        catch (OperationCanceledException) when (stopping.Token.IsCancellationRequested)
        {
            Log.LeftUndone(logger, 1);
        }
        catch (RequestLockedException)
        {
            // Whoever met the lock tells of it.
            Log.Locked(logger, call.Message.RequestId, call.Message.GetType().Name);
        }
        catch (Exception exception)
        {
            span.Fail(exception);
            Log.Failed(logger, call.Message.RequestId, call.Message.GetType().Name, exception);
        }
        return null;
    }

    /// <summary>Tells the pace of a refusal, unless this call alone is refused time and again.</summary>
    private bool IsRefusedForItsOwnSake(PendingCall call, PaceTurn? turn, HeldBack held)
    {
        if (held.Refusal is not { } refusal)
            return false;
        var passed = pace.Passed;
        var (times, _) = _refusals.AddOrUpdate(
            call.Key,
            _ => (1, passed),
            (_, before) => passed - before.Passed < OthersThatPass ? before : (before.Times + 1, passed)
        );
        turn?.Refused(refusal.RetryAfter, isTold: times <= RefusalsOfItsOwn);
        return times > RefusalsOfItsOwn;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request {RequestId}: {Message} failed; its timer has it done again")]
        public static partial void Failed(ILogger logger, Guid requestId, string message, Exception exception);

        [LoggerMessage(
            2,
            LogLevel.Debug,
            "{Count} calls were still waiting for their turns; their requests' timers have them done"
        )]
        public static partial void LeftUndone(ILogger logger, int count);

        [LoggerMessage(
            3,
            LogLevel.Debug,
            "Request {RequestId}: {Message} waits for a lock of another transaction; its timer has it done again"
        )]
        public static partial void Locked(ILogger logger, Guid requestId, string message);

        [LoggerMessage(
            4,
            LogLevel.Error,
            "Requests that were picked could not be handed on; their timers have them called"
        )]
        public static partial void PickFailed(ILogger logger, Exception exception);

        [LoggerMessage(
            5,
            LogLevel.Warning,
            "{Count} picked requests could not be given back: {Error}; their timers have them called"
        )]
        public static partial void NotGivenBack(ILogger logger, int count, string error);
    }
}
