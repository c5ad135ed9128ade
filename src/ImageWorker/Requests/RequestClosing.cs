using ImageWorker.Contracts;
using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>Ends a request: settles the images that are left, and makes the one closing event.</summary>
public static class RequestClosing
{
    /// <summary>
    /// Stops a request for <paramref name="reason"/>. It begins no more calls. Calls under way may still answer until
    /// <see cref="ImageRequest.CloseBy"/>, so that their cost is known.
    /// </summary>
    public static void Stop(this ImageRequest request, FailureReason reason, DateTimeOffset now, RequestOptions options)
    {
        request.Reason = reason;
        request.CloseBy = now + options.ClosingGrace;
        request.WaitingSince = null;

        foreach (var submission in request.Submissions)
        {
            submission.NextCheckAt = null;
            // Also one that was handed on: it may still wait for its turn.
            if (
                submission
                is { State: SubmissionState.Submitting }
                    or { State: SubmissionState.Deferred, InDoubt: false }
            )
                submission.AskTheLedger(now);
        }

        foreach (var image in request.Images.Where(image => image.State is ImageState.WaitingToResend))
            image.Fail(request.StopErrorId());
    }

    /// <summary>True if the request has nothing left to wait for.</summary>
    public static bool CanClose(this ImageRequest request) =>
        request.CloseBy is not null
            ? !request.Submissions.Exists(submission => submission.IsOutstanding)
            : request.Images.TrueForAll(image => image.IsSettled);

    /// <summary>Settles everything that is left, and the reason. The row changes no more after this.</summary>
    public static void Close(this ImageRequest request, DateTimeOffset now)
    {
        foreach (var submission in request.Submissions.Where(submission => submission.IsOutstanding))
        {
            submission.IsInFinalCheck = false;
            if (submission.State is SubmissionState.Accepted)
                continue;
            submission.State = SubmissionState.Unresolved;
            submission.NextSubmitAt = null;
            foreach (var image in request.ImagesRunningIn(submission).ToList())
                image.Fail(ErrorIds.SubmissionUnresolved);
        }

        foreach (var image in request.Images.Where(image => !image.IsSettled))
            image.Fail(request.StopErrorId());

        request.ClosedAt = now;
        request.NextTickAt = null;
        request.CloseBy = null;
        request.Cost = request.Submissions.CostSoFar();
        request.ImageErrors = ErrorIds.Listed(request.Images.Select(image => image.ErrorId));
        if (request.Reason is not FailureReason.Cancelled)
            request.Reason = request.Images.Exists(image => image.State is ImageState.Generated)
                ? null
                : ErrorIds.ReasonOf(request.Images.Select(image => image.ErrorId)) ?? request.Reason;
    }

    /// <summary>The event that closes a closed request: <see cref="ImagesReady"/> or <see cref="ImagesFailed"/>.</summary>
    public static object ClosingEvent(this ImageRequest request, ZpkPrices prices) =>
        request.Reason is null ? request.ReadyEvent(prices) : request.FailedEvent(prices);

    private static ImagesReady ReadyEvent(this ImageRequest request, ZpkPrices prices) =>
        new()
        {
            RequestId = request.CorrelationId,
            Images = request.Results(),
            Cost = request.CostOf(prices),
            RequestedAt = request.RequestedAt,
            ClosedAt = request.ClosedAt!.Value,
            Tenant = request.Command?.Tenant,
            Metadata = request.Command?.Metadata,
            Warnings = request.Warnings ?? [],
        };

    private static ImagesFailed FailedEvent(this ImageRequest request, ZpkPrices prices) =>
        new()
        {
            RequestId = request.CorrelationId,
            Reason = request.Reason!.Value,
            Errors = request.Errors,
            Images = request.Results(),
            Cost = request.CostOf(prices),
            RequestedAt = request.RequestedAt,
            ClosedAt = request.ClosedAt!.Value,
            Tenant = request.Command?.Tenant,
            Metadata = request.Command?.Metadata,
            Warnings = request.Warnings ?? [],
        };

    /// <summary>The closing event of a command that was refused and is not stored.</summary>
    public static ImagesFailed RefusalOf(
        GenerateImages command,
        IReadOnlyList<RequestError> faults,
        DateTimeOffset now
    ) =>
        new()
        {
            RequestId = command.RequestId,
            Reason = FailureReason.InvalidRequest,
            Errors = faults,
            Images = [],
            Cost = new()
            {
                Total = 0,
                Estimated = null,
                Submissions = [],
            },
            RequestedAt = now,
            ClosedAt = now,
            // Subscribers may take its events for the tenant's own.
            Tenant =
                command.Tenant is { } tenant
                && CommandRules.IsTenantName(tenant)
                && faults.All(fault => fault.On != CommandRules.Tenant)
                    ? tenant
                    : null,
            // An event goes to every subscriber, so it repeats nothing that is over its limit.
            Metadata = CommandRules.IsWithinLimit(command.Metadata) ? command.Metadata : null,
        };

    private static IReadOnlyList<ImageResult> Results(this ImageRequest request) =>
        [
            .. request.Images.Select(image => new ImageResult
            {
                Number = image.Number,
                Status = image.State is ImageState.Generated ? ImageStatus.Generated : ImageStatus.Failed,
                Url = image.Url,
                ErrorId = image.ErrorId,
                Cost = request.CostOf(image),
                Attempts = image.Attempts,
            }),
        ];

    /// <summary>The error id of the images that a stopped request leaves unfinished.</summary>
    public static string StopErrorId(this ImageRequest request) =>
        request.Reason is FailureReason.Cancelled ? ErrorIds.Cancelled : ErrorIds.DeadlineExceeded;
}
