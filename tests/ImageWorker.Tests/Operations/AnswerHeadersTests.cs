using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace ImageWorker.Tests.Operations;

public sealed partial class AnswerHeadersTests(OperationsKeyTests.Worker worker)
    : IClassFixture<OperationsKeyTests.Worker>
{
    private const string Shown = $"Bearer {OperationsApp.Key}";

    [Theory]
    [InlineData("/", Shown, HttpStatusCode.OK)]
    [InlineData("/metrics", Shown, HttpStatusCode.OK)]
    [InlineData("/requests/00000000-0000-0000-0000-000000000000", Shown, HttpStatusCode.NotFound)]
    [InlineData("/", null, HttpStatusCode.Unauthorized)]
    [InlineData("/metrics", null, HttpStatusCode.Unauthorized)]
    [InlineData("/nowhere", null, HttpStatusCode.NotFound)]
    [InlineData("/health/ready", null, HttpStatusCode.OK)]
    public async Task Every_answer_tells_browsers_to_run_frame_guess_and_keep_nothing(
        string path,
        string? authorization,
        HttpStatusCode expected
    )
    {
        var answer = await worker.App.GetAsAsync(authorization, path);

        AssertGuarded(answer, expected);
    }

    [Fact]
    public async Task So_does_a_refusal_for_want_of_a_key()
    {
        await using var app = await OperationsApp.StartAsync("0.0.0.0");

        AssertGuarded(await app.GetAsync("/"), HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task The_page_has_one_style_and_it_is_the_one_that_is_let_in()
    {
        var answer = await worker.App.GetAsAsync(Shown, "/");

        // What a browser compares: all between the two tags.
        var style = Assert.Single(Style().Matches(answer.Body)).Groups["text"].Value;
        Assert.Contains("body {", style, StringComparison.Ordinal);
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        Assert.Contains($"style-src 'sha256-{hash}';", PolicyOf(answer), StringComparison.Ordinal);
        Assert.DoesNotContain(" style=", answer.Body, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script", answer.Body, StringComparison.OrdinalIgnoreCase);
    }

    private static void AssertGuarded(OperationsAnswer answer, HttpStatusCode expected)
    {
        Assert.Equal(expected, answer.Status);
        Assert.Equal("nosniff", Assert.Single(answer.Headers["X-Content-Type-Options"]));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers["Referrer-Policy"]));
        Assert.Contains("no-store", Assert.Single(answer.Headers["Cache-Control"]), StringComparison.Ordinal);
        var policy = PolicyOf(answer);
        Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    private static string PolicyOf(OperationsAnswer answer) => Assert.Single(answer.Headers["Content-Security-Policy"]);

    [GeneratedRegex("<style>(?<text>.*?)</style>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Style();
}
