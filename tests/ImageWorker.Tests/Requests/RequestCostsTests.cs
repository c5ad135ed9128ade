using FsCheck.Xunit;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Zpk;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Requests;

public sealed class RequestCostsTests
{
    private static readonly ZpkPrices Prices = new();

    [Fact]
    public void The_cost_of_the_call_goes_before_that_of_its_images()
    {
        var (request, submission) = Accepted(2);

        request.Record(submission, Answer(0.0700m, Running(0, cost: 0.0380m), Running(1, cost: 0.0380m)));

        Assert.Equal(0.0700m, request.CostOf(Prices).Total);
        Assert.Equal(0.0380m, request.CostOf(request.Images[1]));
    }

    [Fact]
    public void The_images_costs_are_summed_once_each_of_them_is_stated()
    {
        var (request, submission) = Accepted(2);

        request.Record(submission, Answer(null, Running(0, cost: 0.0380m), Running(1)));
        var partly = request.CostOf(Prices).Total;
        request.Record(submission, Answer(null, Running(1, cost: 0.0381m)));

        Assert.Null(partly);
        Assert.Equal("0.0761", request.CostOf(Prices).Total.ToString());
    }

    [Fact]
    public void What_zpk_said_last_counts()
    {
        var (request, submission) = Accepted(1);

        request.Record(submission, Answer(0.0380m, Running(0)));
        request.Record(submission, Answer(null, Failed(0, "CONTENT_POLICY_VIOLATION", cost: 0m)));
        request.Record(submission, Answer(null, Running(0)));

        Assert.Equal(0m, request.CostOf(Prices).Total);
        Assert.Equal(0m, request.CostOf(request.Images[0]));
    }

    [Fact]
    public void What_zpk_did_not_say_is_unknown_and_not_nothing()
    {
        var (request, submission) = Accepted(2);
        request.Record(submission, Answer(null, Running(0), Running(1)));

        var cost = request.CostOf(Prices);

        Assert.Null(cost.Total);
        Assert.Equal((0.0760m, "EUR"), (cost.Estimated, cost.Currency));
        Assert.Null(cost.Submissions[0].Cost);
        Assert.All(request.Images, image => Assert.Null(request.CostOf(image)));
    }

    [Fact]
    public void The_cost_of_a_call_for_one_image_is_that_images()
    {
        var (single, one) = Accepted(1);
        var (pair, two) = Accepted(2);

        single.Record(one, Answer(0.0380m, Running(0)));
        pair.Record(two, Answer(0.0760m, Running(0), Running(1)));

        Assert.Equal(0.0380m, single.CostOf(single.Images[0]));
        Assert.Null(pair.CostOf(pair.Images[0]));
    }

    [Fact]
    public void A_refused_call_costs_nothing_and_leaves_the_estimate()
    {
        var (request, first) = Accepted(2);
        request.Record(first, Answer(0.0760m, Generated(0), Failed(1)));
        var resend = request.Submit(1);
        request.Reject(resend, SubmissionState.Refused, "X");

        var cost = request.CostOf(Prices);

        Assert.Equal((0.0760m, 0.0760m), (cost.Total, cost.Estimated));
        Assert.Equal(
            [SubmissionOutcome.Accepted, SubmissionOutcome.Refused],
            cost.Submissions.Select(submission => submission.Outcome)
        );
    }

    [Fact]
    public void A_model_without_a_price_has_no_estimate()
    {
        var (request, submission) = Accepted(1);
        request.Command = request.Command! with { Model = "zpk-next" };
        request.Record(submission, Answer(0.0500m, Running(0)));

        Assert.Equal((0.0500m, (decimal?)null), (request.CostOf(Prices).Total, request.CostOf(Prices).Estimated));
    }

    [Fact]
    public void An_image_the_submission_does_not_have_does_not_count()
    {
        var (request, submission) = Accepted(2);

        request.Record(submission, Answer(null, Running(-1, cost: 9m), Running(2, cost: 9m), Generated(7, cost: 9m)));

        Assert.Null(request.CostOf(Prices).Total);
        Assert.All(request.Images, image => Assert.Equal(ImageState.Generating, image.State));
    }

    [Property]
    public bool A_sum_is_exact_to_the_last_digit(ushort[] tenThousandths)
    {
        var request = new ImageRequest { Command = Command() };
        foreach (var units in tenThousandths)
            request.Submissions.Add(new() { ImageNumbers = [0], Cost = units / 10_000m });

        return request.CostOf(Prices).Total == tenThousandths.Sum(units => (long)units) / 10_000m;
    }

    internal static (ImageRequest Request, ImageSubmission Submission) Accepted(int count)
    {
        var request = new ImageRequest
        {
            CorrelationId = Guid.NewGuid(),
            Command = Command(count: count),
            Images = [.. Enumerable.Range(0, count).Select(number => new RequestImage { Number = number })],
        };
        var submission = request.Submit([.. Enumerable.Range(0, count)]);
        request.Accept(submission, null);
        return (request, submission);
    }
}
