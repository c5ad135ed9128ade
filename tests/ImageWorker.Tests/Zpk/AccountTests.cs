using ImageWorker.Zpk;
using static ImageWorker.Tests.Zpk.StubApi;

namespace ImageWorker.Tests.Zpk;

/// <summary>Errors about the account's money: they concern every call, and prove that nothing was done.</summary>
public sealed class AccountTests
{
    private const string Empty = """{"success":false,"errors":[{"id":"INSUFFICIENT_BALANCE","message":"top up"}]}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("INSUFFICIENT_BALANCE", true)]
    [InlineData("insufficientBalance", true)]
    [InlineData("insufficient-funds", true)]
    [InlineData("insufficient_quota", true)]
    [InlineData("INVALID_PARAMETER", false)]
    [InlineData("BALANCE", false)]
    [InlineData("", false)]
    public async Task An_errors_answer_is_about_the_account_by_its_id(string id, bool expected)
    {
        var refused = await RefusedAsync(Empty.Replace("INSUFFICIENT_BALANCE", id), 200);

        Assert.Equal(expected, refused.Errors.AreAboutAccount());
        Assert.False(refused.Errors.AreAboutCredentials());
    }

    [Fact]
    public async Task An_id_can_be_added()
    {
        var refused = await RefusedAsync(
            Empty.Replace("INSUFFICIENT_BALANCE", "SIN_SALDO"),
            200,
            zpk => zpk.AccountErrorIds.Add("sin saldo")
        );

        Assert.True(refused.Errors.AreAboutAccount());
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("{}")]
    [InlineData(Answers.Submitted)]
    [InlineData("""{"success":false,"errors":[]}""")]
    public async Task A_402_without_errors_is_a_refusal_about_the_account(string body)
    {
        var refused = await RefusedAsync(body, 402);

        Assert.Equal("PAYMENT_REQUIRED", Assert.Single(refused.Errors).Id);
        Assert.True(refused.Errors.AreAboutAccount());
    }

    [Fact]
    public async Task A_402_is_about_the_account_whatever_its_errors_say()
    {
        var refused = await RefusedAsync(Answers.Refused, 402);

        Assert.Equal("INVALID_PARAMETER", Assert.Single(refused.Errors).Id);
        Assert.True(refused.Errors.AreAboutAccount());
    }

    [Fact]
    public async Task A_429_is_about_the_account_only_where_its_errors_say_so()
    {
        Assert.True((await RefusedAsync(Empty, 429)).Errors.AreAboutAccount());
        using var busy = Client(Answers.Refused, 429);
        Assert.IsType<GenerateOutcome.Busy>(await busy.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_5xx_proves_nothing_whatever_its_errors_say(int status)
    {
        using var client = Client(Empty, status);

        Assert.IsType<GenerateOutcome.Unknown>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
    }

    [Theory]
    [InlineData(200, """{"id":"INSUFFICIENT_BALANCE","message":"?","on":"unique_request_id"}""")]
    [InlineData(404, """{"id":"INSUFFICIENT_BALANCE","message":"?"}""")]
    [InlineData(402, """{"id":"INVALID_PARAMETER","message":"?","on":"unique_request_id"}""")]
    public async Task A_check_refused_for_the_account_is_never_not_found(int status, string error)
    {
        using var client = Client($$"""{"success":false,"errors":[{{error}}]}""", status);

        var refused = Assert.IsType<CheckOutcome.Refused>(await client.Zpk.CheckStatusAsync("a1", Ct));

        Assert.True(refused.Errors.AreAboutAccount());
    }

    private static async Task<GenerateOutcome.Refused> RefusedAsync(
        string body,
        int status,
        Action<ZpkOptions>? configure = null
    )
    {
        using var client = Client(body, status, configure);
        return Assert.IsType<GenerateOutcome.Refused>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
    }

    private static ClientUnderTest Client(string body, int status, Action<ZpkOptions>? configure = null) =>
        new(new StubApi(() => Json(body, status)), configure: configure);
}
