using ImageWorker.Zpk;
using Microsoft.Extensions.Time.Testing;
using static ImageWorker.Tests.Zpk.StubApi;

namespace ImageWorker.Tests.Zpk;

public sealed class WaitForCompletionTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_waits_as_the_wait_time_says_until_every_image_is_settled()
    {
        var api = new StubApi(
            () => Json(Answers.Running("27")),
            () => Json(Answers.Running("\"3\"")),
            () => Json(Answers.Checked)
        );
        using var client = Client(api, out var time);
        var told = new List<ZpkAnswer>();

        var outcome = await client.Zpk.WaitForCompletionAsync("a1", new Told(told), Ct);

        Assert.True(Assert.IsType<CheckOutcome.Found>(outcome).Answer.IsSettled);
        Assert.Equal([TimeSpan.FromSeconds(27), TimeSpan.FromSeconds(3)], time.Pauses);
        Assert.Equal(3, told.Count);
    }

    [Fact]
    public async Task After_an_accepted_call_the_first_check_comes_when_its_wait_is_over()
    {
        var api = new StubApi(() => Json(Answers.Running("\"27\"")), () => Json(Answers.Checked));
        using var client = Client(api, out var time);
        var accepted = await client.Zpk.GenerateAsync(new GenerateParameters { Prompt = "a cat" }, Ct);
        var answer = Assert.IsType<GenerateOutcome.Accepted>(accepted).Answer;

        await client.Zpk.WaitForCompletionAsync("a1", answer, null, Ct);

        Assert.Equal([TimeSpan.FromSeconds(27)], time.Pauses);
        Assert.Equal(2, api.Requests.Count);
    }

    [Fact]
    public async Task A_call_that_was_held_until_all_was_done_needs_no_wait()
    {
        using var client = Client(new StubApi(() => Json(Answers.Checked)), out var time);
        var held = await client.Zpk.GenerateAsync(new GenerateParameters { Prompt = "a cat" }, Ct);
        var answer = Assert.IsType<GenerateOutcome.Accepted>(held).Answer;

        Assert.IsType<CheckOutcome.Found>(await client.Zpk.WaitForCompletionAsync("a1", answer, null, Ct));
        Assert.Empty(time.Pauses);
    }

    [Theory]
    [InlineData("0", 1)]
    [InlineData("-5", 1)]
    [InlineData("null", 5)]
    [InlineData("\"?\"", 5)]
    [InlineData("86400", 60)]
    public async Task A_wait_time_beyond_reason_is_brought_within_it(string waitTime, int seconds)
    {
        var api = new StubApi(() => Json(Answers.Running(waitTime)), () => Json(Answers.Checked));
        using var client = Client(api, out var time);

        await client.Zpk.WaitForCompletionAsync("a1", null, Ct);

        Assert.Equal([TimeSpan.FromSeconds(seconds)], time.Pauses);
    }

    [Fact]
    public async Task The_first_unfinished_image_sets_the_pause_and_an_unknown_status_counts_as_running()
    {
        const string Body = """
            {"images":[
              {"num":0,"generation_status":"generated","wait_time":0},
              {"num":1,"generation_status":"upscaling","wait_time":9},
              {"num":2,"generation_status":"pending","wait_time":40}
            ]}
            """;
        using var client = Client(new StubApi(() => Json(Body), () => Json(Answers.Checked)), out var time);

        await client.Zpk.WaitForCompletionAsync("a1", null, Ct);

        Assert.Equal([TimeSpan.FromSeconds(9)], time.Pauses);
    }

    [Fact]
    public async Task A_submission_that_shows_late_is_waited_for()
    {
        var api = new StubApi(() => Json(Answers.NotFound), () => Json(Answers.NotFound), () => Json(Answers.Checked));
        using var client = Client(api, out _);

        Assert.IsType<CheckOutcome.Found>(await client.Zpk.WaitForCompletionAsync("a1", null, Ct));
    }

    [Fact]
    public async Task A_submission_that_never_shows_ends_the_wait_after_the_settle_time()
    {
        using var client = Client(new StubApi(() => Json(Answers.NotFound)), out var time);

        Assert.IsType<CheckOutcome.NotFound>(await client.Zpk.WaitForCompletionAsync("a1", null, Ct));
        Assert.Equal(TimeSpan.FromSeconds(10), time.Pauses.Aggregate(TimeSpan.Zero, (sum, pause) => sum + pause));
    }

    [Fact]
    public async Task A_refusal_ends_the_wait()
    {
        using var client = Client(new StubApi(() => Json(Answers.Refused)), out var time);

        Assert.IsType<CheckOutcome.Refused>(await client.Zpk.WaitForCompletionAsync("a1", null, Ct));
        Assert.Empty(time.Pauses);
    }

    [Fact]
    public async Task An_outage_is_waited_out_but_not_for_ever()
    {
        var api = new StubApi(() => RetryAfter(429, 20));
        using var client = Client(api, out var time);

        Assert.IsType<CheckOutcome.Unavailable>(await client.Zpk.WaitForCompletionAsync("a1", null, Ct));
        Assert.Equal(5, api.Requests.Count);
        Assert.All(time.Pauses, pause => Assert.Equal(TimeSpan.FromSeconds(20), pause));
    }

    [Fact]
    public async Task The_caller_may_cancel_it_mid_pause()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var api = new StubApi(() => Json(Answers.Running("27")));
        using var client = new ClientUnderTest(api, new FakeTimeProvider());

        var wait = client.Zpk.WaitForCompletionAsync("a1", null, cancel.Token);
        await api.Called;
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    private static ClientUnderTest Client(StubApi api, out SkippingTime time)
    {
        time = new SkippingTime();
        return new ClientUnderTest(
            api,
            time,
            zpk => zpk.GenerateTimeout = zpk.CheckTimeout = zpk.CheckTotalTimeout = SkippingTime.Never
        );
    }

    private sealed class Told(List<ZpkAnswer> answers) : IProgress<ZpkAnswer>
    {
        public void Report(ZpkAnswer value) => answers.Add(value);
    }
}
