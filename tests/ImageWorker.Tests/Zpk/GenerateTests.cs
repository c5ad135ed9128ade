using System.Text.Json;
using ImageWorker.Zpk;
using Microsoft.Extensions.Time.Testing;
using static ImageWorker.Tests.Zpk.StubApi;

namespace ImageWorker.Tests.Zpk;

public sealed class GenerateTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_is_sent_as_json_in_the_words_of_the_api()
    {
        var api = new StubApi(() => Json(Answers.Submitted));
        using var client = new ClientUnderTest(api);

        await client.Zpk.GenerateAsync(
            new GenerateParameters
            {
                Prompt = "un faro \"al\" atardecer",
                Model = "dall-e-3",
                Num = 2,
                UniqueRequestId = "a1",
                CallbackUrl = new Uri("https://worker.example/zpk/callbacks/token"),
                Quality = "hq",
                Style = "natural",
                Resolution = "1792x1024",
                UniqueGuard = true,
            },
            Ct
        );

        var request = Assert.Single(api.Requests);
        Assert.Equal(new Uri("https://zpk.systems/api/images/generate"), request.RequestUri);
        Assert.Equal("application/json", request.Content!.Headers.ContentType!.ToString());
        Assert.Equal(api.Bodies[0].Length, request.Content.Headers.ContentLength);
        using var body = JsonDocument.Parse(api.Bodies[0]);
        Assert.Equal(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["application_id"] = ClientUnderTest.ApplicationId,
                ["api_key"] = ClientUnderTest.ApiKey,
                ["prompt"] = "un faro \"al\" atardecer",
                ["model"] = "dall-e-3",
                ["num"] = "2",
                ["unique_request_id"] = "a1",
                ["callback_url"] = "https://worker.example/zpk/callbacks/token",
                ["connection_type"] = "fast",
                ["quality"] = "hq",
                ["style"] = "natural",
                ["resolution"] = "1792x1024",
                ["unique_guard"] = "True",
            },
            body.RootElement.EnumerateObject()
                .ToDictionary(field => field.Name, field => field.Value.ToString(), StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task The_defaults_are_the_api_s_and_what_is_unset_is_not_sent()
    {
        var api = new StubApi(() => Json(Answers.Submitted));
        using var client = new ClientUnderTest(api);

        await client.Zpk.GenerateAsync(new GenerateParameters { Prompt = "p" }, Ct);

        using var body = JsonDocument.Parse(api.Bodies[0]);
        Assert.Equal("zpk-ultra", body.RootElement.GetProperty("model").GetString());
        Assert.Equal(1, body.RootElement.GetProperty("num").GetInt32());
        Assert.False(body.RootElement.GetProperty("unique_guard").GetBoolean());
        Assert.False(body.RootElement.TryGetProperty("unique_request_id", out _));
        Assert.False(body.RootElement.TryGetProperty("callback_url", out _));
    }

    [Fact]
    public async Task A_path_of_the_base_address_is_a_prefix()
    {
        var api = new StubApi(() => Json(Answers.Submitted));
        using var client = new ClientUnderTest(
            api,
            configure: zpk => zpk.BaseAddress = new("https://proxy.example/zpk")
        );

        await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        Assert.Equal("https://proxy.example/zpk/api/images/generate", api.Requests[0].RequestUri?.ToString());
    }

    [Fact]
    public async Task An_answer_with_images_is_accepted()
    {
        using var client = new ClientUnderTest(new StubApi(() => Json(Answers.Submitted)));

        var outcome = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        var accepted = Assert.IsType<GenerateOutcome.Accepted>(outcome);
        Assert.Equal("ZPK983ujdsifoj38497", accepted.Answer.UniqueRequestId);
        Assert.Equal(2, accepted.Answer.Images.Count);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    [InlineData(403)]
    public async Task An_errors_answer_is_a_refusal_whatever_the_status(int status)
    {
        using var client = new ClientUnderTest(new StubApi(() => Json(Answers.Refused, status)));

        var outcome = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        var refused = Assert.IsType<GenerateOutcome.Refused>(outcome);
        Assert.Equal("prompt", Assert.Single(refused.Errors).On);
    }

    [Fact]
    public async Task An_errors_answer_is_a_refusal_even_with_success_and_images()
    {
        const string Body = """{"success":true,"images":[{"num":0}],"errors":[{"id":"X","message":"m"}]}""";
        using var client = new ClientUnderTest(new StubApi(() => Json(Body)));

        Assert.IsType<GenerateOutcome.Refused>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
    }

    [Theory]
    [InlineData(500, Answers.Refused)]
    [InlineData(503, Answers.Refused)]
    [InlineData(200, """{"success":false}""")]
    [InlineData(200, """{"success":"0","images":[{"num":0}]}""")]
    [InlineData(200, """{"success":true}""")]
    [InlineData(200, """{"success":true,"images":[]}""")]
    [InlineData(200, """{"success":true,"images":[{"nu""")]
    [InlineData(200, "[]")]
    [InlineData(302, Answers.Submitted)]
    [InlineData(404, Answers.Submitted)]
    public async Task What_proves_nothing_is_unknown(int status, string body)
    {
        var api = new StubApi(() => Json(body, status));
        using var client = new ClientUnderTest(api);

        var outcome = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        Assert.IsType<GenerateOutcome.Unknown>(outcome);
        Assert.Single(api.Requests);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task A_page_of_html_is_unknown(int status)
    {
        using var client = new ClientUnderTest(new StubApi(() => Html(status)));

        Assert.IsType<GenerateOutcome.Unknown>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
    }

    [Fact]
    public async Task A_503_is_unknown_even_with_retry_after()
    {
        using var client = new ClientUnderTest(new StubApi(() => RetryAfter(503, 7)));

        Assert.IsType<GenerateOutcome.Unknown>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
    }

    [Fact]
    public async Task A_429_is_busy_for_as_long_as_it_says()
    {
        var api = new StubApi(() => RetryAfter(429, 7));
        using var client = new ClientUnderTest(api);

        var outcome = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        Assert.Equal(TimeSpan.FromSeconds(7), Assert.IsType<GenerateOutcome.Busy>(outcome).RetryAfter);
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task A_retry_after_date_is_read_on_the_clock()
    {
        var time = new FakeTimeProvider();
        var api = new StubApi(() =>
        {
            var response = Html(429);
            response.Headers.RetryAfter = new(time.GetUtcNow().AddMinutes(2));
            return response;
        });
        using var client = new ClientUnderTest(api, time);

        var outcome = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        Assert.Equal(TimeSpan.FromMinutes(2), Assert.IsType<GenerateOutcome.Busy>(outcome).RetryAfter);
    }

    [Theory]
    [InlineData("0", 0d)]
    [InlineData(" 7 ", 7d)]
    [InlineData("172800", 3600d)]
    [InlineData("99999999999999999999", 3600d)]
    [InlineData("2.5", 2.5)]
    [InlineData("-5", 0d)]
    [InlineData("Thu, 01 Jan 1970 00:00:00 GMT", 0d)]
    [InlineData("Sat, 01 Jan 2000 00:02:00 GMT", 120d)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 3600d)]
    [InlineData("soon", null)]
    [InlineData("NaN", null)]
    [InlineData("Infinity", null)]
    [InlineData("", null)]
    public async Task A_retry_after_is_read_as_far_as_it_can_be_within_an_hour(string header, double? seconds)
    {
        var api = new StubApi(() =>
        {
            var response = Html(429);
            response.Headers.TryAddWithoutValidation("Retry-After", header);
            return response;
        });
        using var client = new ClientUnderTest(api, new FakeTimeProvider());

        var outcome = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        Assert.Equal(seconds, Assert.IsType<GenerateOutcome.Busy>(outcome).RetryAfter?.TotalSeconds);
    }

    [Fact]
    public async Task An_answer_over_the_size_is_unknown()
    {
        var tooLong = Answers.Submitted.Replace("ZPK", new string('x', 5000));
        using var client = new ClientUnderTest(
            new StubApi(() => Json(tooLong)),
            configure: zpk => zpk.MaxAnswerBytes = 4096
        );

        var unknown = Assert.IsType<GenerateOutcome.Unknown>(
            await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct)
        );

        Assert.Contains("4096", unknown.Reason);
    }

    [Fact]
    public async Task The_client_s_own_timeout_is_unknown()
    {
        var time = new FakeTimeProvider();
        var api = new StubApi(async (_, ct) => await HangAsync(ct));
        using var client = new ClientUnderTest(api, time);

        var call = client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);
        await api.Called;
        time.Advance(TimeSpan.FromSeconds(31));

        Assert.IsType<GenerateOutcome.Unknown>(await call);
    }

    [Fact]
    public async Task The_caller_s_cancellation_is_an_exception()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var api = new StubApi(async (_, ct) => await HangAsync(ct));
        using var client = new ClientUnderTest(api);

        var call = client.Zpk.GenerateAsync(ClientUnderTest.Parameters, cancel.Token);
        await api.Called;
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task A_failure_of_any_kind_after_the_body_went_out_is_unknown()
    {
        var api = new StubApi(() => throw new InvalidOperationException("a handler's bug"));
        using var client = new ClientUnderTest(api);

        Assert.IsType<GenerateOutcome.Unknown>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
    }

    [Theory]
    [InlineData(HttpRequestError.NameResolutionError)]
    [InlineData(HttpRequestError.ConnectionError)]
    [InlineData(HttpRequestError.SecureConnectionError)]
    [InlineData(HttpRequestError.ProxyTunnelError)]
    public async Task No_connection_is_busy_only_while_no_byte_of_the_body_was_sent(HttpRequestError error)
    {
        using var before = new ClientUnderTest(new Unreachable(error));
        using var after = new ClientUnderTest(new StubApi(() => throw new HttpRequestException(error, "later")));

        Assert.IsType<GenerateOutcome.Busy>(await before.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
        Assert.IsType<GenerateOutcome.Unknown>(await after.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
    }

    [Theory]
    [InlineData(HttpRequestError.Unknown)]
    [InlineData(HttpRequestError.ResponseEnded)]
    [InlineData(HttpRequestError.InvalidResponse)]
    public async Task Any_other_network_failure_is_unknown(HttpRequestError error)
    {
        using var client = new ClientUnderTest(new Unreachable(error));

        Assert.IsType<GenerateOutcome.Unknown>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
    }

    [Theory]
    [InlineData("")]
    [InlineData("12345678901234567")]
    [InlineData("a-b")]
    [InlineData("a_b")]
    [InlineData("ñ")]
    public async Task An_id_that_could_not_be_looked_up_again_is_never_sent(string id)
    {
        var api = new StubApi(() => Json(Answers.Submitted));
        using var client = new ClientUnderTest(api);

        await Assert.ThrowsAsync<ArgumentException>(() =>
            client.Zpk.GenerateAsync(ClientUnderTest.Parameters with { UniqueRequestId = id }, Ct)
        );

        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task A_new_key_in_the_file_is_used_at_once()
    {
        using var file = new KeyFile("first-key\n");
        var api = new StubApi(() => Json(Answers.Submitted));
        using var client = new ClientUnderTest(api, configure: zpk => zpk.ApiKeyFile = file.Path);

        await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);
        file.Write("  second-key");
        await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        Assert.Contains("\"api_key\":\"first-key\"", api.Bodies[0]);
        Assert.Contains("\"api_key\":\"second-key\"", api.Bodies[1]);
    }

    [Fact]
    public async Task An_empty_key_file_is_busy_and_nothing_is_sent()
    {
        using var file = new KeyFile("key");
        var api = new StubApi(() => Json(Answers.Submitted));
        using var client = new ClientUnderTest(api, configure: zpk => zpk.ApiKeyFile = file.Path);
        file.Write("");

        Assert.IsType<GenerateOutcome.Busy>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
        Assert.IsType<CheckOutcome.Unavailable>(await client.Zpk.CheckStatusAsync("a1", Ct));
        Assert.Empty(api.Requests);
    }

    private static async Task<HttpResponseMessage> HangAsync(CancellationToken ct)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, ct);
        throw new InvalidOperationException();
    }

    /// <summary>Fails before it reads the body, as a connection that was never made does.</summary>
    private sealed class Unreachable(HttpRequestError error) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) =>
            throw new HttpRequestException(error, "unreachable");
    }
}
