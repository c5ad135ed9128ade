using System.Net;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ImageWorker.Zpk;

namespace ImageWorker.Tests.Zpk;

/// <summary>Whatever a server answers, the client has a typed outcome that the answer bears out.</summary>
public sealed class ArbitraryAnswerTests : IDisposable
{
    private static readonly int[] Statuses = [200, 200, 200, 201, 302, 400, 401, 404, 429, 500, 503];

    private readonly ClientUnderTest _client;
    private HttpStatusCode _status;
    private byte[] _body = [];

    public ArbitraryAnswerTests() =>
        _client = new ClientUnderTest(
            new StubApi(Answer),
            configure: zpk => (zpk.CheckRetries, zpk.BreakerMinimumCalls) = (0, int.MaxValue)
        );

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _client.Dispose();

    [Property(Arbitrary = [typeof(ShapedAnswers)], MaxTest = 1000)]
    public async Task A_generate_call_ends_in_an_outcome_that_the_answer_bears_out(AnswerBytes bytes, uint choice)
    {
        Prepare(bytes, choice);

        var outcome = await _client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        var read = Answers.Read(bytes.Utf8);
        switch (outcome)
        {
            case GenerateOutcome.Accepted accepted:
                Assert.InRange((int)_status, 200, 299);
                Assert.Empty(read!.Errors);
                Assert.NotEqual(false, read.Success);
                AssertWithinBounds(accepted.Answer);
                break;
            case GenerateOutcome.Refused refused:
                Assert.InRange((int)_status, 200, 499);
                Assert.NotEmpty(refused.Errors);
                break;
            case GenerateOutcome.Busy:
                Assert.Equal(HttpStatusCode.TooManyRequests, _status);
                break;
            default:
                Assert.NotEmpty(Assert.IsType<GenerateOutcome.Unknown>(outcome).Reason);
                break;
        }
    }

    [Property(Arbitrary = [typeof(ShapedAnswers)], MaxTest = 1000)]
    public async Task A_check_ends_in_an_outcome_that_the_answer_bears_out(AnswerBytes bytes, uint choice)
    {
        Prepare(bytes, choice);

        var outcome = await _client.Zpk.CheckStatusAsync("a1", Ct);

        var read = Answers.Read(bytes.Utf8);
        switch (outcome)
        {
            case CheckOutcome.Found found:
                Assert.InRange((int)_status, 200, 299);
                Assert.Empty(read!.Errors);
                AssertWithinBounds(found.Answer);
                break;
            case CheckOutcome.NotFound:
                Assert.NotEqual(true, read?.Errors.AreAboutCredentials());
                Assert.True(_status == HttpStatusCode.NotFound || read?.Success == false || read?.Errors.Count > 0);
                break;
            case CheckOutcome.Refused refused:
                Assert.InRange((int)_status, 200, 499);
                Assert.NotEmpty(refused.Errors);
                break;
            default:
                Assert.NotEmpty(Assert.IsType<CheckOutcome.Unavailable>(outcome).Reason);
                break;
        }
    }

    [Property(Arbitrary = [typeof(ShapedAnswers)], MaxTest = 1000)]
    public void The_parser_never_throws(AnswerBytes bytes)
    {
        if (Answers.Read(bytes.Utf8)?.Answer is { } answer)
            AssertWithinBounds(answer, orEmpty: true);
    }

    [Fact]
    public async Task The_answers_made_up_here_lead_to_every_outcome()
    {
        var choice = 0u;
        var reached = new HashSet<Type>();

        // Some outcomes are rare, so that up to 10,000 answers are made up.
        var answers = Enumerable.Range(0, 10).SelectMany(_ => ShapedAnswers.Bytes().Generator.Sample(50, 1000));
        foreach (var bytes in answers.TakeWhile(_ => reached.Count < 8))
        {
            Prepare(bytes, choice++);
            reached.Add((await _client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct)).GetType());
            reached.Add((await _client.Zpk.CheckStatusAsync("a1", Ct)).GetType());
        }

        Assert.Equal(8, reached.Count);
    }

    private static void AssertWithinBounds(ZpkAnswer answer, bool orEmpty = false)
    {
        Assert.True(orEmpty || answer.Images.Count > 0);
        Assert.True(answer.Cost is null or >= 0 and <= 1_000_000);
        Assert.True(answer.UniqueRequestId is null or { Length: >= 1 and <= 64 });
        Assert.InRange(answer.Images.Count, 0, 100);
        Assert.All(
            answer.Images,
            image =>
            {
                Assert.True(image.WaitTime is null || image.WaitTime.Value.TotalDays is >= 0 and <= 1);
                Assert.True(image.Cost is null or >= 0 and <= 1_000_000);
                Assert.True(image.ErrorId is null or { Length: >= 1 and <= 64 });
                Assert.True(image.ImageUrl is null || image.ImageUrl.StartsWith("https://", StringComparison.Ordinal));
                Assert.True(image.ImageUrl is null or { Length: <= 2048 });
                Assert.True(image.ImageUrl is null || image.UrlProblem is null);
            }
        );
    }

    private void Prepare(AnswerBytes bytes, uint choice)
    {
        _status = (HttpStatusCode)Statuses[choice % Statuses.Length];
        _body = bytes.Utf8;
    }

    private HttpResponseMessage Answer() =>
        new(_status) { Content = new ByteArrayContent(_body) { Headers = { ContentType = new("application/json") } } };
}
