using ImageWorker.Callbacks;
using ImageWorker.Hosting;
using ImageWorker.Requests;
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
    SubmissionPace pace,
    ZpkImagesClient zpk,
    ZpkGate gate,
    CallbackEndpoint callbacks,
    IOptions<SubmissionOptions> options,
    IOptions<ZpkOptions> zpkOptions,
    TimeProvider time,
    ILogger<Submitter> logger
)
{
    /// <summary>Returns the answer for the saga; null if the saga has it already.</summary>
    public async Task<SubmissionAnswer?> HandleAsync(SubmitImages message, CancellationToken ct)
    {
        using var span = RequestTracing.StartSubmit(message, time.GetUtcNow());
        try
        {
            var answer = await SubmitAsync(message, ct);
            span.Note(answer);
            return answer;
        }
        catch (Exception exception) when (span.IsFailedBy(exception))
        {
            throw;
        }
    }

    private async Task<SubmissionAnswer?> SubmitAsync(SubmitImages message, CancellationToken ct)
    {
        // The gate can close while this waits for its turn. A stopped request sends nothing and needs no turn.
        if (Pause(message) is { } closed)
            return await HoldBackAsync(message, closed, ct);
        if (!message.IsStopped && await pace.WaitForTurnAsync() && Pause(message) is { } closedMeanwhile)
            return await HoldBackAsync(message, closedMeanwhile, ct);

        var claim = message.IsStopped
            ? await ledger.LookAsync(message.SubmissionId, message.RequestId, ct)
            : await ledger.ClaimAsync(message.SubmissionId, message.RequestId, ct);
        return claim switch
        {
            Claim.Fresh fresh => await CallAsync(message, fresh),
            Claim.InDoubt inDoubt => await LookUpAsync(message, inDoubt, ct),
            Claim.Leased leased => Defer(message, leased.Until, inDoubt: true, "another worker holds it"),
            Claim.Unwanted => new SubmissionWithdrawn(message.RequestId, message.SubmissionId),
            Claim.Settled => null,
            _ => throw new InvalidOperationException($"Unknown claim {claim}"),
        };
    }

    /// <summary>Asks ZPK nothing now, but the ledger may know enough.</summary>
    private async Task<SubmissionAnswer?> HoldBackAsync(
        SubmitImages message,
        (DateTimeOffset Until, string Reason) closed,
        CancellationToken ct
    ) =>
        await ledger.LookAsync(message.SubmissionId, message.RequestId, ct) switch
        {
            Claim.Unwanted => new SubmissionWithdrawn(message.RequestId, message.SubmissionId),
            Claim.Settled => null,
            var claim => Defer(message, closed.Until, inDoubt: claim is not null, closed.Reason) with
            {
                IsHeldBack = true,
            },
        };

    /// <summary>What holds this call back; a look-up is free, and goes on while only paid calls are refused.</summary>
    private (DateTimeOffset Until, string Reason)? Pause(SubmitImages message) =>
        message.IsStopped ? gate.Closed : gate.ClosedForPaying;

    /// <summary>The one place that spends money.</summary>
    private async Task<SubmissionAnswer> CallAsync(SubmitImages message, Claim.Fresh claim)
    {
        var callbackUrl = await callbacks.AddressForAsync(message.RequestId, message.SubmissionId);
        var parameters = ParametersOf(message, callbackUrl);
        CrashPoints.Reach(CrashPoint.BeforeCall);
        if (!ledger.HasTimeForCall(claim))
            return Defer(message, null, inDoubt: true, "this worker was held up for too long");

        // Not the caller's token: a stop waits for the answer, so that no paid call is left in doubt.
        var outcome = await zpk.GenerateAsync(parameters, CancellationToken.None);
        CrashPoints.Reach(CrashPoint.AfterCall);
        gate.Note(outcome);

        return outcome switch
        {
            GenerateOutcome.Accepted accepted => Accept(message, claim.LeaseUntil, accepted.Answer),
            GenerateOutcome.Refused refused
                when refused.Errors.AreAboutCredentials() || refused.Errors.AreAboutAccount() => Defer(
                message,
                time.GetUtcNow() + options.Value.CredentialsPause,
                inDoubt: false,
                $"ZPK refused us, not the request: {refused.Errors[0].Id}"
            ) with
            {
                Ledger = Settle(message, claim.LeaseUntil, LedgerState.Released),
            },
            // ZPK has this id: an earlier call had arrived after all. Only a look-up can tell how it ended.
            GenerateOutcome.Refused refused when refused.Errors.Any(error => error.On is "unique_request_id") =>
                DeferInDoubt(message, claim, "ZPK knows the id already"),
            GenerateOutcome.Refused refused => new SubmissionRefused(
                message.RequestId,
                message.SubmissionId,
                refused.Errors
            )
            {
                Ledger = Settle(message, claim.LeaseUntil, LedgerState.Refused),
            },
            GenerateOutcome.Busy busy => Defer(
                message,
                time.GetUtcNow() + busy.RetryAfter,
                inDoubt: false,
                busy.Reason
            ) with
            {
                Ledger = Settle(message, claim.LeaseUntil, LedgerState.Released),
            },
            GenerateOutcome.Unknown unknown => DeferInDoubt(message, claim, unknown.Reason),
            _ => throw new InvalidOperationException($"Unknown outcome {outcome}"),
        };
    }

    private async Task<SubmissionAnswer> LookUpAsync(SubmitImages message, Claim.InDoubt claim, CancellationToken ct)
    {
        var outcome = await zpk.CheckStatusAsync(message.SubmissionId, ct);
        gate.Note(outcome);
        switch (outcome)
        {
            case CheckOutcome.Found found:
                Log.Adopted(logger, message.RequestId, message.SubmissionId);
                return Accept(message, claim.LeaseUntil, found.Answer) with { IsAdopted = true };

            case CheckOutcome.NotFound when !claim.IsConclusive:
                return Defer(message, claim.LeaseUntil, inDoubt: true, "ZPK does not list it yet");

            case CheckOutcome.NotFound when !claim.IsWanted:
                return new SubmissionWithdrawn(message.RequestId, message.SubmissionId)
                {
                    Ledger = Settle(message, claim.LeaseUntil, LedgerState.Released),
                };

            case CheckOutcome.NotFound when await ledger.RetakeAsync(message.SubmissionId, claim, ct) is { } fresh:
                Log.NeverArrived(logger, message.RequestId, message.SubmissionId);
                return await CallAsync(message, fresh);

            case CheckOutcome.NotFound:
                return Defer(message, null, inDoubt: true, "another worker took it");

            case CheckOutcome.Refused refused:
                return Defer(
                    message,
                    time.GetUtcNow() + options.Value.CredentialsPause,
                    inDoubt: true,
                    $"ZPK refused the check: {refused.Errors[0].Id}"
                );

            case CheckOutcome.Unavailable unavailable:
                return Defer(message, time.GetUtcNow() + unavailable.RetryAfter, inDoubt: true, unavailable.Reason);

            default:
                throw new InvalidOperationException($"Unknown outcome {outcome}");
        }
    }

    private SubmissionAccepted Accept(SubmitImages message, DateTimeOffset held, ZpkAnswer answer) =>
        new(message.RequestId, message.SubmissionId, answer, time.GetUtcNow())
        {
            Ledger = Settle(message, held, LedgerState.Accepted) with
            {
                ProviderId = answer.UniqueRequestId,
                Cost = answer.Cost,
            },
        };

    private SubmissionDeferred DeferInDoubt(SubmitImages message, Claim.Fresh claim, string reason)
    {
        var settled = time.GetUtcNow() + zpkOptions.Value.SettleTime;
        return Defer(message, settled, inDoubt: true, reason) with
        {
            Ledger = new(message.SubmissionId, claim.LeaseUntil, LedgerState.Started)
            {
                LeaseUntil = ledger.SettledBy(claim),
            },
        };
    }

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
            1,
            LogLevel.Information,
            "Request {RequestId}: the lost submission {UniqueRequestId} had arrived, it is adopted and not paid again"
        )]
        public static partial void Adopted(ILogger logger, Guid requestId, string uniqueRequestId);

        [LoggerMessage(
            2,
            LogLevel.Information,
            "Request {RequestId}: the lost submission {UniqueRequestId} never arrived, it is made again"
        )]
        public static partial void NeverArrived(ILogger logger, Guid requestId, string uniqueRequestId);
    }
}
