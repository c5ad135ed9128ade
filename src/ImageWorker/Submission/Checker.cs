using System.Diagnostics;
using ImageWorker.Requests;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>Makes check-status calls. A check costs nothing and may be repeated.</summary>
public sealed class Checker(ZpkImagesClient zpk, ZpkGate gate, IOptions<SubmissionOptions> options, TimeProvider time)
{
    /// <summary>Makes the check, and returns what it said.</summary>
    /// <param name="check">The check.</param>
    /// <param name="span">Notes how it ended; null for none.</param>
    /// <param name="ct">Cancels it.</param>
    public async Task<CallResult> HandleAsync(CheckImages check, Activity? span, CancellationToken ct)
    {
        var outcome = await zpk.CheckStatusOnceAsync(check.ProviderId, ct);
        gate.Note(outcome);
        span.Note(outcome);
        var result = ResultOf(check, outcome, time.GetUtcNow());
        return gate.HoldOn(outcome) is { } hold ? hold.Of(result) : new CallResult(result);
    }

    private ImagesChecked ResultOf(CheckImages check, CheckOutcome outcome, DateTimeOffset now)
    {
        return outcome switch
        {
            CheckOutcome.Found found => Result(found.Answer, null, null),
            CheckOutcome.NotFound missing => Result(null, null, missing.Reason),
            CheckOutcome.Refused refused => Result(
                null,
                now + options.Value.CredentialsPause,
                $"ZPK refused the check: {refused.Errors[0].Id} {refused.Errors[0].Message}"
            ),
            CheckOutcome.Unavailable unavailable => Result(
                null,
                now + ZpkGate.Bounded(unavailable.RetryAfter),
                unavailable.Reason
            ),
            _ => throw new InvalidOperationException($"Unknown outcome {outcome}"),
        };

        ImagesChecked Result(ZpkAnswer? answer, DateTimeOffset? notBefore, string? reason) =>
            new(check.RequestId, check.SubmissionId, answer, now, notBefore, reason);
    }
}
