using ImageWorker.Zpk;
using Microsoft.Extensions.Time.Testing;
using static ImageWorker.Tests.Zpk.StubApi;

namespace ImageWorker.Tests.Zpk;

public sealed class CheckStatusTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_asks_for_the_id_and_finds_its_images()
    {
        var api = new StubApi(() => Json(Answers.Checked));
        using var client = new ClientUnderTest(api);

        var outcome = await client.Zpk.CheckStatusAsync("ZPK983ujdsifoj38497", Ct);

        Assert.Equal(2, Assert.IsType<CheckOutcome.Found>(outcome).Answer.Images.Count);
        Assert.Equal("https://zpk.systems/api/images/check-status", api.Requests[0].RequestUri?.ToString());
        Assert.Equal(
            $$"""{"application_id":"{{ClientUnderTest.ApplicationId}}","api_key":"{{ClientUnderTest.ApiKey}}","unique_request_id":"ZPK983ujdsifoj38497"}""",
            api.Bodies[0]
        );
    }

    [Theory]
    [InlineData(200, Answers.NotFound)]
    [InlineData(400, Answers.NotFound)]
    [InlineData(404, Answers.NotFound)]
    [InlineData(404, """{"success":false,"errors":[{"id":"NOT_FOUND","message":"?"}]}""")]
    [InlineData(404, "{}")]
    [InlineData(404, "no json")]
    [InlineData(200, """{"success":false}""")]
    [InlineData(200, """{"success":false,"errors":[],"images":[]}""")]
    public async Task An_id_that_zpk_does_not_know_is_not_found(int status, string body)
    {
        using var client = new ClientUnderTest(new StubApi(() => Json(body, status)));

        Assert.IsType<CheckOutcome.NotFound>(await client.Zpk.CheckStatusAsync("a1", Ct));
    }

    [Theory]
    [InlineData(404, "<h1>Not here</h1>", "is the base address right?")]
    [InlineData(404, "{}", "ZPK does not list it")]
    public async Task A_404_that_no_api_gave_is_told_from_one_about_the_id(int status, string body, string said)
    {
        using var client = new ClientUnderTest(new StubApi(() => Json(body, status)));

        var missing = Assert.IsType<CheckOutcome.NotFound>(await client.Zpk.CheckStatusAsync("a1", Ct));

        Assert.EndsWith(said, missing.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, """{"id":"INVALID_PARAMETER","message":"?","on":"api_key"}""")]
    [InlineData(200, """{"id":"INVALID_PARAMETER","message":"?","on":"application_id"}""")]
    [InlineData(401, """{"id":"INVALID_API_KEY","message":"?"}""")]
    [InlineData(404, """{"id":"DELETED_APPLICATION","message":"?"}""")]
    [InlineData(404, """{"id":"invalidApplicationId","message":"?","on":"unique_request_id"}""")]
    public async Task A_credentials_error_is_a_refusal_and_never_not_found(int status, string error)
    {
        using var client = new ClientUnderTest(
            new StubApi(() => Json($$"""{"success":false,"errors":[{{error}}]}""", status))
        );

        var refused = Assert.IsType<CheckOutcome.Refused>(await client.Zpk.CheckStatusAsync("a1", Ct));

        Assert.True(refused.Errors.AreAboutCredentials());
    }

    [Theory]
    [InlineData("""{"id":"RATE","message":"?"}""")]
    [InlineData("""{"id":"X","message":"?","on":"unique_request_id"},{"id":"Y","message":"?"}""")]
    public async Task Errors_about_anything_else_are_a_refusal(string errors)
    {
        using var client = new ClientUnderTest(
            new StubApi(() => Json($$"""{"success":false,"errors":[{{errors}}]}"""))
        );

        var refused = Assert.IsType<CheckOutcome.Refused>(await client.Zpk.CheckStatusAsync("a1", Ct));

        Assert.False(refused.Errors.AreAboutCredentials());
    }

    [Theory]
    [InlineData("\"the API key has expired\"")]
    [InlineData("""{"1":{"id":"INVALID_API_KEY","message":"expired","on":"api_key"}}""")]
    [InlineData("""{"id":"INVALID_API_KEY","message":"expired","on":"api_key"}""")]
    public async Task Errors_of_another_shape_are_a_refusal_and_never_not_found(string errors)
    {
        using var client = new ClientUnderTest(new StubApi(() => Json($$"""{"success":false,"errors":{{errors}}}""")));

        Assert.IsType<CheckOutcome.Refused>(await client.Zpk.CheckStatusAsync("a1", Ct));
    }

    [Fact]
    public async Task Images_prove_the_submission_even_without_success()
    {
        using var client = new ClientUnderTest(new StubApi(() => Json("""{"success":false,"images":[{"num":0}]}""")));

        Assert.IsType<CheckOutcome.Found>(await client.Zpk.CheckStatusAsync("a1", Ct));
    }

    [Theory]
    [InlineData(200, """{"success":true,"images":[]}""")]
    [InlineData(200, "[]")]
    [InlineData(401, """{"success":false}""")]
    [InlineData(403, "no json")]
    [InlineData(500, Answers.NotFound)]
    [InlineData(502, Answers.Refused)]
    public async Task What_says_nothing_about_the_submission_is_unavailable(int status, string body)
    {
        var api = new StubApi(() => Json(body, status));
        using var client = Skipping(api, out var time);

        Assert.IsType<CheckOutcome.Unavailable>(await client.Zpk.CheckStatusAsync("a1", Ct));
        Assert.Equal(4, api.Requests.Count);
        Assert.Equal(3, time.Pauses.Count);
    }

    [Fact]
    public async Task A_failure_is_retried_after_growing_jittered_pauses()
    {
        var api = new StubApi(
            () => Html(502),
            () => throw new HttpRequestException("reset"),
            () => Html(200),
            () => Json(Answers.Checked)
        );
        using var client = Skipping(api, out var time);

        Assert.IsType<CheckOutcome.Found>(await client.Zpk.CheckStatusAsync("a1", Ct));
        Assert.Equal(4, api.Requests.Count);
        Assert.All(time.Pauses, pause => Assert.InRange(pause, TimeSpan.Zero, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task A_short_retry_after_is_kept_to()
    {
        var api = new StubApi(() => RetryAfter(503, 3), () => RetryAfter(429, 2), () => Json(Answers.Checked));
        using var client = Skipping(api, out var time);

        Assert.IsType<CheckOutcome.Found>(await client.Zpk.CheckStatusAsync("a1", Ct));
        Assert.Equal([TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2)], time.Pauses);
    }

    [Fact]
    public async Task A_long_retry_after_is_handed_to_the_caller_at_once()
    {
        var api = new StubApi(() => RetryAfter(429, 60));
        using var client = Skipping(api, out var time);

        var unavailable = Assert.IsType<CheckOutcome.Unavailable>(await client.Zpk.CheckStatusAsync("a1", Ct));

        Assert.Equal(TimeSpan.FromSeconds(60), unavailable.RetryAfter);
        Assert.Single(api.Requests);
        Assert.Empty(time.Pauses);
    }

    [Fact]
    public async Task Without_retries_one_failure_is_the_answer()
    {
        var api = new StubApi(() => Html(502));
        using var client = new ClientUnderTest(api, configure: zpk => zpk.CheckRetries = 0);

        Assert.IsType<CheckOutcome.Unavailable>(await client.Zpk.CheckStatusAsync("a1", Ct));
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task The_whole_call_ends_with_its_overall_timeout()
    {
        var time = new FakeTimeProvider();
        var api = new StubApi(
            async (_, ct) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, ct);
                throw new InvalidOperationException();
            }
        );
        using var client = new ClientUnderTest(api, time, zpk => zpk.CheckTimeout = TimeSpan.FromHours(1));

        var call = client.Zpk.CheckStatusAsync("a1", Ct);
        await api.Called;
        time.Advance(TimeSpan.FromSeconds(31));

        Assert.IsType<CheckOutcome.Unavailable>(await call);
    }

    [Fact]
    public async Task The_caller_s_cancellation_is_an_exception()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var api = new StubApi(() => Html(502));
        using var client = new ClientUnderTest(api, new FakeTimeProvider());

        var call = client.Zpk.CheckStatusAsync("a1", cancel.Token);
        await api.Called;
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    private static ClientUnderTest Skipping(StubApi api, out SkippingTime time)
    {
        time = new SkippingTime();
        return new ClientUnderTest(api, time, zpk => zpk.CheckTimeout = zpk.CheckTotalTimeout = SkippingTime.Never);
    }
}
