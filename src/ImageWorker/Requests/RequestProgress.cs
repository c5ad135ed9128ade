using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>Changes a request's images and submissions: facts only, no messages and no clock.</summary>
public static class RequestProgress
{
    /// <summary>Adds a submission for these images, ready to be handed on.</summary>
    public static ImageSubmission Submit(this ImageRequest request, params IReadOnlyList<int> numbers)
    {
        // A resend's wait is its image's wait.
        var first = request.Images[numbers[0]];
        var (waitingSince, resendAt, hurriedBy) = (first.WaitingSince, first.ResendAt, first.HurriedBy);
        foreach (var image in numbers.Select(number => request.Images[number]))
        {
            image.State = ImageState.Submitting;
            image.ResendAt = null;
            image.WaitingSince = null;
            image.HurriedBy = null;
            image.Attempts++;
        }

        var submission = new ImageSubmission
        {
            Id = SubmissionId.Derive(request.CorrelationId, numbers[0], first.Attempts),
            ImageNumbers = [.. numbers],
            ImageCosts = [.. numbers.Select(_ => (decimal?)null)],
            NextSubmitAt = resendAt,
            WaitingSince = waitingSince,
            HurriedBy = hurriedBy,
        };
        request.Submissions.Add(submission);
        return submission;
    }

    public static ImageSubmission? FindSubmission(this ImageRequest request, string id) =>
        request.Submissions.Find(submission => submission.Id == id);

    public static int GeneratedCount(this IEnumerable<RequestImage> images) =>
        images.Count(image => image.State is ImageState.Generated);

    /// <summary>The images that still depend on this submission: not settled, and not resent since.</summary>
    public static IEnumerable<RequestImage> ImagesRunningIn(this ImageRequest request, ImageSubmission submission) =>
        submission
            .ImageNumbers.Where(number =>
                request.Submissions.FindLast(s => s.ImageNumbers.Contains(number)) == submission
            )
            .Select(number => request.Images[number])
            .Where(image => image.State is ImageState.Submitting or ImageState.Generating);

    public static void Accept(this ImageRequest request, ImageSubmission submission, string? providerId)
    {
        submission.State = SubmissionState.Accepted;
        submission.ProviderId = string.IsNullOrEmpty(providerId) ? submission.Id : providerId;
        submission.InDoubt = false;
        submission.NextSubmitAt = null;
        submission.WaitingSince = null;
        submission.Failures = 0;
        submission.Problem = null;
        foreach (var image in request.ImagesRunningIn(submission))
            image.State = ImageState.Generating;
    }

    /// <summary>
    /// Puts a deferred submission of a stopped request in doubt, because another process may be sending it. After the
    /// stop no call begins, so the ledger's word is final: only it can say that the submission was never sent.
    /// </summary>
    public static void AskTheLedger(this ImageSubmission submission, DateTimeOffset now)
    {
        submission.InDoubt = true;
        submission.NextSubmitAt = now;
        submission.WaitingSince = null;
    }

    /// <summary>Ends a submission that cost nothing: refused, or never sent.</summary>
    public static void Reject(
        this ImageRequest request,
        ImageSubmission submission,
        SubmissionState state,
        string errorId
    )
    {
        foreach (var image in request.ImagesRunningIn(submission).ToList())
            image.Fail(errorId);

        submission.State = state;
        submission.InDoubt = false;
        submission.NextSubmitAt = null;
        submission.Cost = 0;
        submission.ImageCosts = [.. submission.ImageNumbers.Select(_ => (decimal?)0)];
    }

    /// <summary>
    /// Takes over an answer's costs, pictures and errors. Returns the images that became generated and have an address. Images to be resent
    /// are left in <see cref="ImageState.WaitingToResend"/>.
    /// </summary>
    public static List<RequestImage> Record(this ImageRequest request, ImageSubmission submission, ZpkAnswer answer)
    {
        RecordCosts(submission, answer);

        var generated = new List<RequestImage>();
        var running = request.ImagesRunningIn(submission).ToDictionary(image => image.Number);
        foreach (var (index, said) in answer.ImagesOf(submission))
        {
            if (!running.TryGetValue(submission.ImageNumbers[index], out var image) || image.IsSettled)
                continue;

            if (said is { Status: GenerationStatus.Generated, ImageUrl: { Length: > 0 } url })
            {
                image.State = ImageState.Generated;
                image.Url = url;
                generated.Add(image);
            }
            else if (said is { Status: GenerationStatus.Generated, UrlProblem: not null })
            {
                // It is made and paid for. Where it is, is not safe to pass on.
                image.State = ImageState.Generated;
                image.ErrorId = ErrorIds.UrlWithheld;
            }
            else if (said is { Status: GenerationStatus.Error, ErrorId: ErrorIds.GeneralError })
                image.State = ImageState.WaitingToResend;
            else if (said.Status is GenerationStatus.Error)
                image.Fail(said.ErrorId ?? ErrorIds.Unknown);
        }

        return generated;
    }

    /// <summary>The images of an answer by their index in the submission, without those that fit none.</summary>
    public static IEnumerable<(int Index, ZpkImage Said)> ImagesOf(this ZpkAnswer answer, ImageSubmission submission) =>
        submission.ImageNumbers.Count == 1 && answer.Images.Count == 1
            ? [(0, answer.Images[0])]
            : answer
                .Images.Where(said => said.Num >= 0 && said.Num < submission.ImageNumbers.Count)
                .Select(said => (said.Num, said));

    /// <summary>
    /// ZPK's last word counts. The call's cost is the one that the answer states, else the sum of its images' costs
    /// once each of them is stated.
    /// </summary>
    private static void RecordCosts(ImageSubmission submission, ZpkAnswer answer)
    {
        var stated = false;
        foreach (var (index, said) in answer.ImagesOf(submission))
        {
            stated |= said.Cost is not null;
            submission.ImageCosts[index] = said.Cost ?? submission.ImageCosts[index];
        }

        if (answer.Cost is not null)
            submission.Cost = answer.Cost;
        else if (stated && submission.ImageCosts.TrueForAll(cost => cost is not null))
            submission.Cost = RequestCosts.SumOrUnknown(submission.ImageCosts);
    }
}
