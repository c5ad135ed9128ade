using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ImageWorker.Requests;
using ImageWorker.Zpk;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Requests;

public sealed class RequestProgressTests
{
    [Fact]
    public void An_image_whose_address_is_withheld_is_generated_without_one()
    {
        var (request, submission) = RequestCostsTests.Accepted(1);
        var withheld = Generated(0) with { ImageUrl = null, UrlProblem = "image_url is no https address" };

        var reported = request.Record(submission, Answer(null, withheld));

        var image = Assert.Single(request.Images);
        Assert.Equal((ImageState.Generated, null, "URL_WITHHELD"), (image.State, image.Url, image.ErrorId));
        Assert.Empty(reported);
    }

    [Property(Arbitrary = [typeof(AnyAnswers)])]
    public bool Whatever_zpk_says_a_settled_image_stays_as_it_is(List<ZpkAnswer> answers)
    {
        var (request, submission) = RequestCostsTests.Accepted(3);
        var settled = new Dictionary<int, (ImageState, string?, string?)>();
        foreach (var answer in answers)
        {
            request.Record(submission, answer);
            foreach (var image in request.Images.Where(image => image.IsSettled))
            {
                var now = (image.State, image.Url, image.ErrorId);
                if (settled.TryGetValue(image.Number, out var before) && before != now)
                    return false;
                settled[image.Number] = now;
            }
        }
        return true;
    }

    [Property(Arbitrary = [typeof(AnyAnswers)])]
    public bool Each_image_is_reported_as_generated_at_most_once_and_has_its_address(List<ZpkAnswer> answers)
    {
        var (request, submission) = RequestCostsTests.Accepted(3);

        var generated = answers.SelectMany(answer => request.Record(submission, answer)).ToList();

        return generated.Distinct().Count() == generated.Count
            && request.Images.TrueForAll(image =>
                image.State is ImageState.Generated == (image.Url is not null)
                && image.State is ImageState.Generated == generated.Contains(image)
            );
    }

    [Property(Arbitrary = [typeof(AnyAnswers)])]
    public bool Whatever_zpk_says_a_request_closes_whole(List<ZpkAnswer> answers)
    {
        var (request, submission) = RequestCostsTests.Accepted(3);
        foreach (var answer in answers)
            request.Record(submission, answer);
        var now = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

        request.Stop(Contracts.FailureReason.DeadlineExceeded, now, new());
        request.Close(now);

        return request.Images.TrueForAll(image => image.IsSettled)
            && request.Reason is null == request.Images.Exists(image => image.State is ImageState.Generated);
    }

    [Fact]
    public void The_only_image_of_a_resend_is_known_whatever_its_number()
    {
        var (request, first) = RequestCostsTests.Accepted(2);
        request.Record(first, Answer(null, Generated(0), Failed(1)));
        var resend = request.Submit(1);
        request.Accept(resend, "zpk-2");

        request.Record(resend, Answer(null, Generated(1)));

        Assert.Equal("https://zpk.systems/i/1.png", request.Images[1].Url);
    }

    [Fact]
    public void Without_an_id_in_the_answer_ours_is_asked_for()
    {
        var (request, submission) = RequestCostsTests.Accepted(1);

        Assert.Equal(submission.Id, submission.ProviderId);
        request.Accept(submission, "");
        Assert.Equal(submission.Id, submission.ProviderId);
        request.Accept(submission, "ZPK983ujdsifoj38497");
        Assert.Equal("ZPK983ujdsifoj38497", submission.ProviderId);
    }

    public static class AnyAnswers
    {
        public static Arbitrary<List<ZpkAnswer>> Answers() =>
            Image()
                .ListOf()
                .Select(images => new ZpkAnswer(null, [.. images], null))
                .ListOf()
                .Select(answers => answers.ToList())
                .ToArbitrary();

        private static Gen<ZpkImage> Image() =>
            from num in Gen.Choose(-1, 4)
            from status in Gen.Elements(Enum.GetValues<GenerationStatus>())
            from error in Gen.Elements(null, "GENERAL_ERROR", "CONTENT_POLICY_VIOLATION", "ELSE")
            from url in Gen.Elements(null, "", "https://zpk.systems/a", "https://zpk.systems/b")
            from cost in Gen.Elements<decimal?>(null, 0m, 0.0380m)
            select new ZpkImage
            {
                Num = num,
                Status = status,
                ErrorId = error,
                ImageUrl = url,
                Cost = cost,
            };
    }
}
