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
