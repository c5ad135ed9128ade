using ImageWorker.Contracts;
using ImageWorker.Requests;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Saga;

public sealed class ResendTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Fact]
    public async Task A_resent_image_keeps_its_number_and_the_costs_add_up_to_the_last_digit()
    {
        var request = (await worker.HandleAsync(Command())).Request!;
        request = (await worker.HandleAsync(request.Accepted(worker, 0.0760m, Running(0), Running(1)))).Request!;
        request = (
            await worker.HandleAsync(request.Checked(worker, Generated(0, 0.0380m), Failed(1, cost: 0.0380m)))
        ).Request!;

        var resend = await worker.TickWhenDueAsync(request);
        var submit = resend.Only<SubmitImages>();
        request = (
            await worker.HandleAsync(resend.Request!.Accepted(worker, 0.0381m, Running(0, cost: 0.0381m)))
        ).Request!;
        var closed = await worker.HandleAsync(request.Checked(worker, Generated(0, 0.0381m)));

        Assert.Equal((1, SubmissionId.Derive(request.CorrelationId, 1, 2)), (submit.Count, submit.SubmissionId));
        var ready = closed.Only<ImagesReady>();
        Assert.Equal("0.1141", ready.Cost.Total.ToString());
        Assert.Equal(0.1140m, ready.Cost.Estimated);
        Assert.Equal(["0.0380", "0.0761"], ready.Images.Select(image => image.Cost.ToString()), StringComparer.Ordinal);
        Assert.Equal([(0, 1), (1, 2)], ready.Images.Select(image => (image.Number, image.Attempts)));
        Assert.All(ready.Images, image => Assert.Equal(ImageStatus.Generated, image.Status));
        Assert.Equal(
            [
                [0, 1],
                [1],
            ],
            ready.Cost.Submissions.Select(submission => submission.ImageNumbers)
        );
    }

    [Fact]
    public async Task The_backoff_doubles_and_after_the_last_resend_the_error_stands()
    {
        var request = (await worker.HandleAsync(Command(count: 1))).Request!;
        request = (await worker.HandleAsync(request.Accepted(worker, 0.0380m, Running(0)))).Request!;

        var waits = new List<double>();
        var failed = await worker.HandleAsync(request.Checked(worker, Failed(0)));
        while (failed.State == "Generating")
        {
            waits.Add((failed.Request!.NextTickAt!.Value - worker.Time.GetUtcNow()).TotalSeconds);
            request = (await worker.TickWhenDueAsync(failed.Request!)).Request!;
            request = (await worker.HandleAsync(request.Accepted(worker, 0.0380m, Running(0)))).Request!;
            failed = await worker.HandleAsync(request.Checked(worker, Failed(0)));
        }

        Assert.Equal([3, 6, 12], waits);
        var closing = failed.Only<ImagesFailed>();
        Assert.Equal(FailureReason.GeneralError, closing.Reason);
        Assert.Equal(("GENERAL_ERROR", 4), (closing.Images[0].ErrorId, closing.Images[0].Attempts));
        Assert.Equal("0.1520", closing.Cost.Total.ToString());
        Assert.Equal(4, closing.Cost.Submissions.DistinctBy(s => s.UniqueRequestId, StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData("CONTENT_POLICY_VIOLATION", "CONTENT_POLICY_VIOLATION", FailureReason.ContentPolicyViolation)]
    [InlineData("LENS_CAP_ON", "LENS_CAP_ON", FailureReason.RejectedByProvider)]
    [InlineData(null, "UNKNOWN_ERROR", FailureReason.RejectedByProvider)]
    public async Task Any_other_error_is_final_and_passed_on(string? said, string errorId, FailureReason reason)
    {
        var request = (await worker.ReachAsync(Given.Generating)).Request!;

        var closed = await worker.HandleAsync(request.Checked(worker, Failed(0, said), Failed(1, said)));

        var failed = closed.Only<ImagesFailed>();
        Assert.Equal(reason, failed.Reason);
        Assert.All(failed.Images, image => Assert.Equal((errorId, 1), (image.ErrorId, image.Attempts)));
        Assert.Equal(0.0760m, failed.Cost.Total);
    }

    [Fact]
    public async Task Where_images_failed_for_different_reasons_the_weightiest_is_named()
    {
        var request = (await worker.ReachAsync(Given.Generating)).Request!;

        var closed = await worker.HandleAsync(
            request.Checked(worker, Failed(0, "CONTENT_POLICY_VIOLATION"), Failed(1, "LENS_CAP_ON"))
        );

        Assert.Equal(FailureReason.RejectedByProvider, closed.Only<ImagesFailed>().Reason);
    }

    [Fact]
    public async Task An_image_is_settled_by_its_latest_submission_only()
    {
        var given = await worker.ReachAsync(Given.WaitingToResend);
        var first = given.Request!.Submissions[0].Id;
        var resent = (await worker.TickWhenDueAsync(given.Request)).Request!;

        var late = await worker.HandleAsync(
            new ImagesChecked(
                given.Id,
                first,
                Answer(null, Generated(0), Generated(1)),
                worker.Time.GetUtcNow(),
                null,
                null
            )
        );

        Assert.Equal(("Generating", ""), (late.State, late.Says));
        Assert.Equal(ImageState.Submitting, late.Request!.Images[1].State);
        Assert.Equal(resent.Submissions.Count, late.Request.Submissions.Count);
    }

    [Fact]
    public async Task A_refused_resend_fails_its_image_and_leaves_the_others()
    {
        var given = await worker.ReachAsync(Given.WaitingToResend);
        var resent = (await worker.TickWhenDueAsync(given.Request!)).Request!;

        var closed = await worker.HandleAsync(
            new SubmissionRefused(given.Id, resent.Submissions[^1].Id, [new("INVALID_PARAMETER", "no", null)])
        );

        var ready = closed.Only<ImagesReady>();
        Assert.Equal([ImageStatus.Generated, ImageStatus.Failed], ready.Images.Select(image => image.Status));
        Assert.Equal("INVALID_PARAMETER", ready.Images[1].ErrorId);
        Assert.Equal(0.0760m, ready.Cost.Total);
        Assert.Equal(0.0760m, ready.Cost.Estimated);
        Assert.Equal(
            [SubmissionOutcome.Accepted, SubmissionOutcome.Refused],
            ready.Cost.Submissions.Select(submission => submission.Outcome)
        );
    }

    [Fact]
    public async Task A_generated_image_without_an_address_is_still_running()
    {
        var request = (await worker.ReachAsync(Given.Generating)).Request!;

        var after = await worker.HandleAsync(
            request.Checked(worker, Generated(0), Generated(1) with { ImageUrl = null, WaitTime = TimeSpan.Zero })
        );

        Assert.Equal("Generating", after.State);
        Assert.Equal(worker.Time.GetUtcNow() + TimeSpan.FromSeconds(1), after.Request!.NextTickAt);
    }
}
