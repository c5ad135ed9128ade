using System.Diagnostics;
using ImageWorker.Zpk;
using ImageWorker.Zpk.Wire;
using static ImageWorker.Tests.Zpk.StubApi;

namespace ImageWorker.Tests.Zpk;

public sealed class SecretsTests
{
    private static readonly string Quoting =
        $$"""{"success":false,"errors":[{"id":"X","message":"{{ClientUnderTest.ApiKey}} of {{ClientUnderTest.ApplicationId}}?"}]}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_logged_or_returned_holds_the_credentials_even_when_the_server_quotes_them()
    {
        var api = new StubApi(
            () => Json(Quoting),
            () => Json(Quoting),
            () => Html(502),
            () => throw new HttpRequestException("reset"),
            () => Json(Answers.Checked)
        );
        var time = new SkippingTime();
        using var client = new ClientUnderTest(
            api,
            time,
            zpk => zpk.GenerateTimeout = zpk.CheckTimeout = zpk.CheckTotalTimeout = SkippingTime.Never
        );

        var refused = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);
        object[] outcomes =
        [
            refused,
            await client.Zpk.CheckStatusAsync("a1", Ct),
            await client.Zpk.CheckStatusAsync("a1", Ct),
        ];

        Assert.Equal("*** of ***?", Assert.IsType<GenerateOutcome.Refused>(refused).Errors[0].Message);
        AssertFree(string.Join('\n', outcomes));
        Assert.Contains("HTTP 502", client.Log.All);
        AssertFree(client.Log.All);
    }

    [Fact]
    public async Task No_trace_holds_the_credentials()
    {
        var traced = new List<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "System.Net.Http",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (traced)
                    traced.Add(string.Join('\n', activity.TagObjects));
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var server = new LoopbackServer(async connection =>
        {
            await connection.ReadAsync();
            await connection.WriteAsync(LoopbackServer.Answer(Quoting));
        });
        using var client = new ClientUnderTest(configure: zpk => zpk.BaseAddress = server.Address);

        await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        lock (traced)
        {
            Assert.Contains(traced, tags => tags.Contains(server.Address.Port.ToString()));
            AssertFree(string.Join('\n', traced));
        }
    }

    [Theory]
    [InlineData("{0}")]
    [InlineData("%53%33cret-api-key-5678 application%2d1234")]
    [InlineData(@"\\u0053\\u0033cret-api-key-5678 application\\u002d1234")]
    public async Task No_text_of_an_answer_tells_the_credentials(string spelling)
    {
        var said = spelling.Replace("{0}", $"{ClientUnderTest.ApiKey} {ClientUnderTest.ApplicationId}");
        var refusal =
            $$"""{"success":false,"errors":[{"id":"{{said}}","message":"{{said}}","on":"{{said}}"},"{{said}}"]}""";
        var answer = $$"""
            {"unique_request_id":"{{said.Split(' ')[0]}}","images":[
            {"generation_status":"{{said}}","error_id":"{{said}}"},
            {"generation_status":"generated","image_url":"https://zpk.systems/{{said.Replace(" ", "/")}}"}]}
            """;
        using var client = new ClientUnderTest(new StubApi(() => Json(refusal), () => Json(answer)));

        var refused = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);
        var accepted = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        Assert.Equal("*** ***", Assert.IsType<GenerateOutcome.Refused>(refused).Errors[0].On);
        Assert.All(((GenerateOutcome.Refused)refused).Errors, error => AssertFree($"{error}"));
        var read = Assert.IsType<GenerateOutcome.Accepted>(accepted).Answer;
        Assert.Equal("*** ***", read.Images[0].ErrorId);
        Assert.Null(read.Images[1].ImageUrl);
        Assert.StartsWith("image_url ", read.Images[1].UrlProblem);
        Assert.Equal(GenerationStatus.Generated, read.Images[1].Status);
        AssertFree($"{read} {string.Join(' ', read.Images)}");
    }

    [Theory]
    [InlineData("HTTP/1.1 200 {0}\r\nContent-Type: text/{0}\r\nContent-Length: 0\r\n\r\n", "text/***")]
    [InlineData("HTTP/{0} 200 OK\r\n\r\n", "***")]
    [InlineData("HTTP/1.1 {0}\r\n\r\n", "status code")]
    [InlineData("HTTP/1.1 200 OK\r\n{0}\r\n\r\n", "***")]
    [InlineData("HTTP/1.1 200 OK\r\n{0} {1}: x\r\n\r\n", "*** ***")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {0}\r\n\r\n", "")]
    public async Task No_answer_outside_the_rules_of_http_tells_them(string answer, string shown)
    {
        var traced = new List<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "System.Net.Http",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (traced)
                    traced.Add(
                        $"{activity.StatusDescription} {string.Join('\n', activity.TagObjects)} {string.Join('\n', activity.Events.SelectMany(e => e.Tags))}"
                    );
            },
        };
        ActivitySource.AddActivityListener(listener);
        var said = answer.Replace("{0}", ClientUnderTest.ApiKey).Replace("{1}", ClientUnderTest.ApplicationId);
        using var server = new LoopbackServer(async connection =>
        {
            await connection.ReadAsync();
            await connection.WriteAsync(said);
        });
        using var client = new ClientUnderTest(configure: zpk => zpk.BaseAddress = server.Address);

        var outcome = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        var reason = Assert.IsType<GenerateOutcome.Unknown>(outcome).Reason;
        Assert.Contains(shown, reason);
        AssertFree(reason);
        AssertFree(client.Log.All);
        lock (traced)
        {
            Assert.NotEmpty(traced);
            AssertFree(string.Join('\n', traced));
        }
    }

    [Fact]
    public async Task A_header_of_many_lines_is_told_in_one_line_of_bearable_length()
    {
        using var server = new LoopbackServer(async connection =>
        {
            await connection.ReadAsync();
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\n\u001b{new string('x', 50_000)}\r\n\r\n");
        });
        using var client = new ClientUnderTest(configure: zpk => zpk.BaseAddress = server.Address);

        var outcome = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        var reason = Assert.IsType<GenerateOutcome.Unknown>(outcome).Reason;
        Assert.InRange(reason.Length, 1, 1100);
        Assert.DoesNotContain(reason, char.IsControl);
    }

    [Theory]
    [InlineData("application/{0}")]
    [InlineData("image/{0}")]
    public async Task No_picture_tells_them(string type)
    {
        var pictures = new StubApi(() =>
        {
            var response = Html(200);
            response.Content.Headers.ContentType = new(type.Replace("{0}", ClientUnderTest.ApiKey));
            return response;
        });
        using var client = new ClientUnderTest(pictures: pictures);

        var outcome = await client.Zpk.DownloadAsync(new("https://zpk.systems/1.png"), Stream.Null, Ct);

        Assert.Contains(type.Replace("{0}", "***"), outcome.ToString());
        AssertFree($"{outcome}");
    }

    [Fact]
    public void A_long_text_that_ends_in_a_part_of_a_secret_tells_none_of_it()
    {
        var keys = string.Concat(Enumerable.Repeat(ClientUnderTest.ApiKey, 1000));
        var read = Answers.Read($$"""{"errors":[{"message":"{{keys}}"}]}""");

        Assert.Matches(@"^\**$", read.Errors[0].Message);
    }

    [Fact]
    public void What_an_error_is_about_is_told_though_its_words_are_masked()
    {
        var options = new ZpkOptions { ApplicationId = "application" };
        var parser = new AnswerParser(new(options, new("application", "S3cret")), options.AccountErrorIds);

        var read = parser.Parse("""{"errors":[{"id":"DELETED_APPLICATION"},{"on":"application_id"}]}"""u8.ToArray());

        Assert.Equal("DELETED_***", read!.Errors[0].Id);
        Assert.All(read.Errors, error => Assert.True(error.IsAboutCredentials));
    }

    [Fact]
    public void The_name_of_the_api_s_host_is_no_secret()
    {
        var options = new ZpkOptions { BaseAddress = new("http://simulator:5080"), ApplicationId = "simulator" };
        var parser = new AnswerParser(new(options, new("simulator", "simulator")), options.AccountErrorIds);

        var read = parser.Parse("""{"images":[{"image_url":"http://simulator:5080/images/a/0.png"}]}"""u8.ToArray());

        Assert.Equal("http://simulator:5080/images/a/0.png", read!.Answer.Images[0].ImageUrl);
    }

    [Fact]
    public void What_carries_the_credentials_does_not_print_them()
    {
        var options = new ZpkOptions { ApplicationId = ClientUnderTest.ApplicationId, ApiKey = ClientUnderTest.ApiKey };
        var credentials = new Credentials(ClientUnderTest.ApplicationId, ClientUnderTest.ApiKey);

        AssertFree(string.Join(' ', (object[])[options, credentials]));
    }

    [Fact]
    public void Parameters_print_neither_the_prompt_nor_the_callback_address()
    {
        var parameters = ClientUnderTest.Parameters with { CallbackUrl = new Uri("https://worker.example/token") };

        Assert.DoesNotContain("lighthouse", parameters.ToString());
        Assert.DoesNotContain("token", parameters.ToString());
    }

    [Theory]
    [InlineData("INVALID_PARAMETER", "api_key", true)]
    [InlineData("INVALID_PARAMETER", "application_id", true)]
    [InlineData("INVALID_API_KEY", null, true)]
    [InlineData("invalid-api-key", null, true)]
    [InlineData("APPLICATION_DEACTIVATED", null, true)]
    [InlineData("DeletedApplication", null, true)]
    [InlineData("INVALID_PARAMETER", "prompt", false)]
    [InlineData("", null, false)]
    public void An_error_tells_whether_it_is_about_the_credentials(string id, string? on, bool expected) =>
        Assert.Equal(expected, new ZpkError(id, "message", on).IsAboutCredentials);

    private static void AssertFree(string text)
    {
        Assert.DoesNotContain(ClientUnderTest.ApiKey, text);
        Assert.DoesNotContain(ClientUnderTest.ApplicationId, text);
    }
}
