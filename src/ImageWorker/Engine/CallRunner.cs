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
/// taken from its line only when it may begin. One that was held back goes to the front of its line, or waits for its turn
/// again, and nobody is told: it has not failed.
/// </summary>
public sealed partial class CallRunner(
    PendingCalls calls,
    Turns turns,
    TurnPicker picker,
    CallPace pace,
    ZpkGate gate,
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
        await picker.EndAsync();
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
            if (MaySubmit)
                picker.Begin(_submissions);
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

    /// <summary>
    /// When the gate, the operator's pause, the room of tenants or a flood must be looked at again; null for never.
    /// </summary>
    private DateTimeOffset? NextOpening =>
        pace.Pause is not null ? time.GetUtcNow() + TimeSpan.FromSeconds(1)
        : gate.ClosedForPaying is { Until: var until } ? until
        : picker.LooksAgainAfterFlood ? time.GetUtcNow() + SubmissionPace.Ahead
        : turns.LookAgainAt is { } at && at > time.GetUtcNow() ? at
        : null;

    /// <summary>The calls that could begin now, but for their turns.</summary>
    private int HowManyWait() =>
        (MayCheck ? Math.Min(calls.Waiting(paid: false).Count, _options.CheckConcurrency - _checks) : 0)
        + (MaySubmit ? Math.Min(calls.Waiting(paid: true).Count, _options.Concurrency - _submissions) : 0);

    private void Count(PendingCall call, int one, bool isTrial)
    {
        if (call.Message is CheckImages)
            Interlocked.Add(ref _checks, one);
        else
            Interlocked.Add(ref _submissions, one);
        if (one > 0 && call.Message is SubmitImages)
            picker.NoteBegun();
        if (isTrial)
            Interlocked.Add(ref _trials, one);
    }

    private async Task CallAsync(PendingCall call, PaceTurn turn, bool isTrial)
    {
        // The loop goes on at once.
        await Task.Yield();
        var heldBack = await MakeAsync(call, turn);
        Count(call, -1, isTrial);
        if (heldBack is not null && !await picker.WaitAgainAsync(call, heldBack))
            calls.PutBack(call, heldBack.Until);
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

    /// <summary>Makes the call. Returns why it was held back, if it only was; else null.</summary>
    private async Task<HeldBack?> MakeAsync(PendingCall call, PaceTurn? turn)
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
                        return held;
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
    }
}
