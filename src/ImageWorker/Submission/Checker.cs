using ImageWorker.Requests;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>Makes check-status calls. A check costs nothing and may be repeated.</summary>
public sealed class Checker(ZpkImagesClient zpk, ZpkGate gate, IOptions<SubmissionOptions> options, TimeProvider time)
{
    /// <summary>Makes the check, and returns what it said.</summary>
    public async Task<ImagesChecked> HandleAsync(CheckImages check, CancellationToken ct)
    {
        using var span = RequestTracing.StartCheck(check, time.GetUtcNow());
        try
        {
            var closed = gate.Closed;
            var outcome = closed is var (until, reason)
                ? new CheckOutcome.Unavailable(reason, until - time.GetUtcNow())
                : await CheckAsync(check.ProviderId, ct);
            span.Note(outcome);
            return ResultOf(check, outcome, time.GetUtcNow()) with { IsHeldBack = closed is not null };
        }
        catch (Exception exception) when (span.IsFailedBy(exception))
        {
            throw;
        }
    }

    private async Task<CheckOutcome> CheckAsync(string providerId, CancellationToken ct)
    {
        var outcome = await zpk.CheckStatusAsync(providerId, ct);
        gate.Note(outcome);
        return outcome;
    }

    private ImagesChecked ResultOf(CheckImages check, CheckOutcome outcome, DateTimeOffset now)
    {
        return outcome switch
        {
            CheckOutcome.Found found => Result(found.Answer, null, null),
            CheckOutcome.NotFound => Result(null, null, "ZPK does not list it"),
            CheckOutcome.Refused refused => Result(
                null,
                now + options.Value.CredentialsPause,
                $"ZPK refused the check: {refused.Errors[0].Id} {refused.Errors[0].Message}"
            ),
            CheckOutcome.Unavailable unavailable => Result(null, now + unavailable.RetryAfter, unavailable.Reason),
            _ => throw new InvalidOperationException($"Unknown outcome {outcome}"),
        };

        ImagesChecked Result(ZpkAnswer? answer, DateTimeOffset? notBefore, string? reason) =>
            new(check.RequestId, check.SubmissionId, answer, now, notBefore, reason);
    }
}
