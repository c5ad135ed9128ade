using System.Diagnostics;
using ImageWorker.Callbacks;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// Has a submission accepted by ZPK exactly once. It makes the paid call only on a fresh claim. It first looks up a
/// call in doubt, its own or that of a process that died. It decides nothing else.
/// </summary>
public sealed partial class Submitter(
    SubmissionLedger ledger,
    CallLimits limits,
    SubmissionPace pace,
    CallPace calls,
    ZpkImagesClient zpk,
    ZpkGate gate,
    CallbackEndpoint callbacks,
    IOptions<SubmissionOptions> options,
    IOptions<TelemetryOptions> telemetry,
    Stopping stopping,
    TimeProvider time,
    ILogger<Submitter> logger
)
{
    /// <summary>Makes the call, or finds out what became of it.</summary>
    /// <param name="message">The submission.</param>
    /// <param name="picked">The claim that it was picked with, which is good for this call alone; null for none.</param>
    /// <param name="span">Notes how it ended; null for none.</param>
    /// <param name="ct">Cancels what is free.</param>
    public async Task<CallResult> HandleAsync(
        SubmitImages message,
        Claim.Fresh? picked,
        Activity? span,
        CancellationToken ct
    )
    {
        var result = message.IsStopped ? new(await FindOutAsync(message, ct)) : await SubmitAsync(message, picked, ct);
        if (result.HeldBack is { } held)
            span.NoteHeldBack(held.ErrorId);
        else
            span.Note(result.Answer as SubmissionAnswer);
        return result;
    }

    private async Task<CallResult> SubmitAsync(SubmitImages message, Claim.Fresh? picked, CancellationToken ct)
    {
        if (picked is not null)
        {
            if (ledger.HasTimeForCall(picked))
                return await BeginAsync(message, picked, ct);
            // It was held back for long. No call was made on this claim, and none will be: its request waits again, unless
            // it has changed.
            if (await ledger.WaitAgainAsync(new(message.SubmissionId, picked.LeaseUntil)))
                return new(null);
        }
        // The gate can close while this waits for its slot.
        if (await pace.WaitForTurnAsync() && gate.ClosedForPaying is var (until, reason))
            return new HeldBack(until, Defer(message, until, inDoubt: false, reason));

        return await ledger.ClaimAsync(ClaimOf(message), ct) switch
        {
            Claim.Fresh fresh => await BeginAsync(message, fresh, ct),
            Claim.InDoubt inDoubt => await LookUpAsync(message, inDoubt, ct),
            Claim.Leased leased => new(Defer(message, leased.Until, inDoubt: true, "another worker holds it")),
            Claim.Limited limited => new HeldBack(
                limited.Until,
                Defer(message, limited.Until, inDoubt: false, "its tenant has as many calls as it may have")
            ),
            Claim.Unwanted => new(new SubmissionWithdrawn(message.RequestId, message.SubmissionId)),
            Claim.Settled => new(null),
            var claim => throw new InvalidOperationException($"Unknown claim {claim}"),
        };
    }

    /// <summary>A stopped request sends nothing. What the ledger knows is often enough; only a look-up takes a turn.</summary>
    private async Task<object?> FindOutAsync(SubmitImages message, CancellationToken ct)
    {
        var claim = await ledger.LookAsync(message.SubmissionId, message.RequestId, ct);
        if (claim is Claim.Unwanted && ledger.ForgottenCallOf(message) is { } forgotten)
        {
            await ledger.RecallAsync(message, forgotten);
            claim = await ledger.LookAsync(message.SubmissionId, message.RequestId, ct);
        }
        switch (claim)
        {
            case Claim.Unwanted:
                return new SubmissionWithdrawn(message.RequestId, message.SubmissionId);
            case Claim.Settled:
                return null;
            case Claim.Leased leased:
                return Defer(message, leased.Until, inDoubt: true, "another worker holds it");
            case Claim.InDoubt when gate.Closed is var (until, reason):
                return Defer(message, until, inDoubt: true, reason) with { IsHeldBack = true };
            case Claim.InDoubt inDoubt:
                using (var turn = await calls.TakeTurnAsync(() => 1, stopping.Token))
                {
                    var result = await LookUpAsync(message, inDoubt, ct);
                    if (result.HeldBack is not { } held)
                        return result.Answer;
                    if (held.Refusal is { } refusal)
                        turn.Refused(refusal.RetryAfter);
                    return (SubmissionDeferred)held.AsFailure with { IsHeldBack = true };
                }
            default:
                // The request goes on after all.
                return Defer(message, null, inDoubt: false, "it is wanted");
        }
    }

    /// <summary>Calls, unless the database may have forgotten an earlier call: that one is looked up first.</summary>
    private async Task<CallResult> BeginAsync(SubmitImages message, Claim.Fresh claim, CancellationToken ct)
    {
        if (ledger.ForgottenCallOf(message) is not { } forgotten)
            return await CallAsync(message, claim);
        var isOver = forgotten.Lasts == TimeSpan.Zero;
        var result = await LookUpAsync(message, new(IsConclusive: isOver, IsWanted: true, claim.LeaseUntil), ct);
        // The claim itself was not used. It only stands for the one that may be forgotten.
        return result.Answer is SubmissionDeferred { InDoubt: true } deferred && !isOver
            ? new(
                deferred with
                {
                    NotBefore = time.GetUtcNow() + forgotten.Lasts,
                    Ledger = new(message.SubmissionId, claim.LeaseUntil, LedgerState.Started)
                    {
                        LeaseUntil = forgotten.Until,
                    },
                }
            )
            : result;
    }

    /// <summary>The one place that spends money.</summary>
    private async Task<CallResult> CallAsync(SubmitImages message, Claim.Fresh claim)
    {
        var callbackUrl = await callbacks.AddressForAsync(message.RequestId, message.SubmissionId);
        var parameters = ParametersOf(message, callbackUrl);
        CrashPoints.Reach(CrashPoint.BeforeCall);
        if (!ledger.HasTimeForCall(claim))
            return new(Defer(message, null, inDoubt: true, "this worker was held up for too long"));

        if (telemetry.Value.IncludeGenAi)
            Activity.Current.NoteGenAi(message.Command.Model);
        // Not the caller's token: a stop waits for the answer, so that no paid call is left in doubt.
        var outcome = await zpk.GenerateAsync(parameters, CancellationToken.None);
        CrashPoints.Reach(CrashPoint.AfterCall);
        gate.Note(outcome);
        if (gate.HoldOn(outcome) is { } hold)
        {
            // The call did nothing, so any worker may make it.
            await ledger.ReleaseAsync(message.SubmissionId, claim);
            return HoldBack(message, hold, inDoubt: false) with { Claim = new(message.SubmissionId, claim.LeaseUntil) };
        }

        switch (outcome)
        {
            case GenerateOutcome.Accepted accepted:
                return new(Accept(message, claim.LeaseUntil, accepted.Answer));

            // ZPK has this id: an earlier call had arrived after all. Only a look-up can tell how it ended.
            case GenerateOutcome.Refused refused when refused.Errors.Any(error => error.On is "unique_request_id"):
                return new(DeferInDoubt(message, claim, "ZPK knows the id already"));

            case GenerateOutcome.Refused refused:
                return new(
                    new SubmissionRefused(message.RequestId, message.SubmissionId, refused.Errors)
                    {
                        Ledger = Settle(message, claim.LeaseUntil, LedgerState.Refused),
                    }
                );

            case GenerateOutcome.Busy busy:
                return new(
                    Defer(
                        message,
                        time.GetUtcNow() + ZpkGate.Bounded(busy.RetryAfter),
                        inDoubt: false,
                        busy.Reason
                    ) with
                    {
                        Ledger = Settle(message, claim.LeaseUntil, LedgerState.Released),
                    }
                );

            case GenerateOutcome.Unknown unknown:
                return new(DeferInDoubt(message, claim, unknown.Reason));

            default:
                throw new InvalidOperationException($"Unknown outcome {outcome}");
        }
    }

    private async Task<CallResult> LookUpAsync(SubmitImages message, Claim.InDoubt claim, CancellationToken ct)
    {
        var outcome = await zpk.CheckStatusOnceAsync(message.SubmissionId, ct);
        gate.Note(outcome);
        if (gate.HoldOn(outcome) is { } hold)
            return HoldBack(message, hold, inDoubt: true);

        switch (outcome)
        {
            case CheckOutcome.Found found:
                return new(Accept(message, claim.LeaseUntil, found.Answer) with { IsAdopted = true });

            case CheckOutcome.NotFound missing when !claim.IsConclusive:
                return new(
                    Defer(message, claim.ConclusiveAt, inDoubt: true, missing.Reason) with
                    {
                        IsTooEarly = true,
                    }
                );

            case CheckOutcome.NotFound when !claim.IsWanted:
                return new(
                    new SubmissionWithdrawn(message.RequestId, message.SubmissionId)
                    {
                        Ledger = Settle(message, claim.LeaseUntil, LedgerState.Released),
                    }
                );

            case CheckOutcome.NotFound when await ledger.RetakeAsync(ClaimOf(message), claim, ct) is { } fresh:
                Log.NeverArrived(logger, message.RequestId, message.SubmissionId);
                return await CallAsync(message, fresh);

            case CheckOutcome.NotFound:
                return new(Defer(message, null, inDoubt: true, "another worker took it"));

            case CheckOutcome.Refused refused:
                return new(
                    Defer(
                        message,
                        time.GetUtcNow() + options.Value.CredentialsPause,
                        inDoubt: true,
                        $"ZPK refused the check: {refused.Errors[0].Id}"
                    )
                );

            case CheckOutcome.Unavailable unavailable:
                return new(
                    Defer(
                        message,
                        time.GetUtcNow() + ZpkGate.Bounded(unavailable.RetryAfter),
                        inDoubt: true,
                        unavailable.Reason
                    )
                );

            default:
                throw new InvalidOperationException($"Unknown outcome {outcome}");
        }
    }

    private NewClaim ClaimOf(SubmitImages message) =>
        new(message.SubmissionId, message.RequestId, limits.LineOf(message.Command.Tenant));

    private static HeldBack HoldBack(SubmitImages message, Hold hold, bool inDoubt) =>
        hold.Of(Defer(message, hold.Until, inDoubt, hold.Reason));

    private SubmissionAccepted Accept(SubmitImages message, DateTimeOffset held, ZpkAnswer answer) =>
        new(message.RequestId, message.SubmissionId, answer, time.GetUtcNow())
        {
            Ledger = Settle(message, held, LedgerState.Accepted) with
            {
                ProviderId = answer.UniqueRequestId,
                Cost = answer.Cost,
            },
        };

    // Looked up soon, since a look-up that finds it need not wait until that has settled.
    private SubmissionDeferred DeferInDoubt(SubmitImages message, Claim.Fresh claim, string reason) =>
        Defer(message, null, inDoubt: true, reason) with
        {
            Ledger = ledger.EndInDoubt(message.SubmissionId, claim),
        };

    private LedgerNote Settle(SubmitImages message, DateTimeOffset held, LedgerState state) =>
        new(message.SubmissionId, held, state) { SettledAt = time.GetUtcNow() };

    private static SubmissionDeferred Defer(
        SubmitImages message,
        DateTimeOffset? notBefore,
        bool inDoubt,
        string reason
    ) => new(message.RequestId, message.SubmissionId, notBefore, inDoubt, reason);

    private static GenerateParameters ParametersOf(SubmitImages message, Uri? callbackUrl) =>
        new()
        {
            Prompt = message.Command.Prompt,
            Model = message.Command.Model,
            Num = message.Count,
            UniqueRequestId = message.SubmissionId,
            CallbackUrl = callbackUrl,
            Quality = message.Command.Quality,
            Style = message.Command.Style,
            Resolution = message.Command.Resolution,
            UniqueGuard = message.Command.UniqueGuard,
        };

    private static partial class Log
    {
        [LoggerMessage(
            2,
            LogLevel.Information,
            "Request {RequestId}: the lost submission {UniqueRequestId} never arrived, it is made again"
        )]
        public static partial void NeverArrived(ILogger logger, Guid requestId, string uniqueRequestId);
    }
}
