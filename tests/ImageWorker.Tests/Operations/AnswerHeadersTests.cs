using System.Net;
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

    [Theory]
    [InlineData("/")]
    [InlineData("/requests/00000000-0000-0000-0000-000000000000")]
    public async Task Nothing_inline_runs_or_styles_a_page_and_nothing_comes_from_elsewhere(string path)
    {
        var answer = await worker.App.GetAsAsync(Shown, path);

        Assert.Contains("script-src 'self'; style-src 'self';", PolicyOf(answer), StringComparison.Ordinal);
        Assert.DoesNotContain(" style=", answer.Body, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<style", answer.Body, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(
            "//",
            answer.Body.Replace("<!DOCTYPE", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        Assert.All(
            Script().Matches(answer.Body),
            script => Assert.Contains(" src=", script.Value, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_pages_files_are_kept_and_need_the_key()
    {
        var page = await worker.App.GetAsAsync(Shown, "/");
        var files = Asset().Matches(page.Body).Select(match => $"/{match.Groups["path"].Value}").ToList();
        Assert.Equal(3, files.Count);

        foreach (var file in files)
        {
            var answer = await worker.App.GetAsAsync(Shown, file);
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Contains("immutable", Assert.Single(answer.Headers["Cache-Control"]), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.Unauthorized, (await worker.App.GetAsAsync(null, file)).Status);
        }
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

    [GeneratedRegex("<script[^>]*>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Script();

    [GeneratedRegex("(href|src)=\"\\./(?<path>assets/[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Asset();
}
