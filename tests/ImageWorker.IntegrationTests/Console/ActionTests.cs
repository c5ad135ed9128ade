using System.Net;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>What is done on the pages, and what comes of it in the database, at ZPK, in the events and in the audit.</summary>
[Collection(nameof(SharedConsole))]
public sealed class ActionTests(ConsoleFixture console) : IAsyncDisposable
{
    private readonly WorkerUnderTest _worker = console.Worker;
    private bool _paused;

    [Fact]
    public async Task A_request_is_cancelled_once_the_question_is_answered_and_not_before()
    {
        var command = WorkerUnderTest.Command(ConsoleFixture.Slow);
        await StartAsync(command);
        using var page = await console.OpenAsync($"/requests/{command.RequestId}");

        await page.ClickAsync("Cancel");
        await Expect(page.Page.Locator("dialog h2")).ToHaveTextAsync("Cancel this request?");
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(page.Page.Locator("dialog")).ToBeHiddenAsync();
        Assert.Equal(0L, await AuditedAsync($"request {command.RequestId}"));

        await page.ClickAsync("Cancel");
        await page.ConfirmAsync();

        Assert.Equal(FailureReason.Cancelled, (await _worker.ClosedOnceAsync(command)).As<ImagesFailed>().Reason);
        await page.GoAsync("/audit");
        var line = page.Page.Locator("tbody tr", new() { HasText = $"request {command.RequestId}" });
        await Expect(line).ToContainTextAsync("requests cancel");
        await Expect(line).ToContainTextAsync("told to stop");
    }

    [Fact]
    public async Task An_open_request_does_now_what_it_waits_for()
    {
        var command = WorkerUnderTest.Command(ConsoleFixture.Slow);
        await StartAsync(command);
        using var page = await console.OpenAsync($"/requests/{command.RequestId}");

        await page.ClickAsync("Retry now");
        await page.ConfirmAsync();

        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.Equal(1, _worker.PaidFor(command).Totals.ImagesPaid);
        Assert.Equal(1L, await AuditedAsync($"request {command.RequestId}"));
    }

    [Fact]
    public async Task A_failed_request_is_asked_for_again_and_the_new_one_is_shown()
    {
        var command = WorkerUnderTest.Command("a blue boat [policy]");
        await _worker.CloseAsync(command);
        using var page = await console.OpenAsync($"/requests/{command.RequestId}");

        await page.ClickAsync("Retry");
        await page.ConfirmAsync();

        await Expect(page.Page.Locator("h1")).Not.ToContainTextAsync($"{command.RequestId}");
        var again = Guid.Parse(page.Page.Url.Split('/')[^1]);
        await Expect(page.Page.Locator("h1")).ToHaveTextAsync($"Request {again}");
        await _worker.ClosedOnceAsync(command with { RequestId = again });
        Assert.Equal(2, _worker.PaidFor(command).Totals.ImagesPaid);
    }

    [Fact]
    public async Task All_that_a_filter_finds_is_counted_first_and_then_cancelled_page_by_page()
    {
        const int Meant = 205;
        using var page = await console.OpenAsync("/");
        await PauseAsync(page, "nothing of this is to be paid");
        var meant = Enumerable.Range(0, Meant).Select(_ => Of("cancelled", "a red fox", count: 2)).ToList();
        var other = Of("kept", "a red fox");
        await Task.WhenAll(meant.Append(other).Select(command => _worker.Commands.SendAsync(command)));
        await StoredAsync("cancelled", Meant);
        await StoredAsync("kept", 1);

        await page.GoAsync("/requests?tenant=cancelled");
        await page.ClickAsync("Cancel all found");
        await Expect(page.Page.Locator("dialog .said")).ToHaveTextAsync($"{Meant} requests with {2 * Meant} images.");
        Assert.Equal(0L, await CountAsync("cancelled", "closed_at IS NOT NULL"));
        await page.Page.GetByLabel("Reason").FillAsync("the order was withdrawn");
        await page.ConfirmAsync();

        await Eventually.PassesAsync(async () =>
            Assert.Equal(Meant, await CountAsync("cancelled", "reason = 'Cancelled'"))
        );
        Assert.Equal(1L, await CountAsync("kept", "closed_at IS NULL"));
        await page.GoAsync("/audit");
        var lines = page.Page.Locator("tbody tr", new() { HasText = "the order was withdrawn" });
        await Expect(lines).ToContainTextAsync(["5 requests; none left", "200 requests; more left"]);
        await page.GoAsync("/");
        await page.ClickAsync("Resume");
        await page.ConfirmAsync();
        (await _worker.ClosedOnceAsync(other)).As<ImagesReady>();
        Assert.All(meant, command => Assert.Empty(_worker.PaidFor(command).Submissions));
    }

    [Fact]
    public async Task All_that_a_filter_finds_is_asked_for_again_at_the_cost_that_was_named()
    {
        var failed = Enumerable.Range(0, 3).Select(_ => Of("again", "a blue boat [policy]")).ToList();
        var good = Of("again", "a red fox");
        foreach (var command in failed.Append(good))
            await _worker.Commands.SendAsync(command);
        foreach (var command in failed.Append(good))
            await _worker.ClosedOnceAsync(command);
        using var page = await console.OpenAsync("/requests?tenant=again&outcome=ContentPolicyViolation");

        await page.ClickAsync("Retry all found");
        await Expect(page.Page.Locator("dialog .said")).ToHaveTextAsync("3 requests with 3 images, about 0.114 EUR.");
        await page.ConfirmAsync();

        await Eventually.PassesAsync(async () => Assert.Equal(7L, await CountAsync("again", "closed_at IS NOT NULL")));
        Assert.All(failed, command => Assert.Equal(2, _worker.PaidFor(command).Totals.ImagesPaid));
        Assert.Equal(1, _worker.PaidFor(good).Totals.ImagesPaid);
    }

    [Fact]
    public async Task A_pause_wants_a_reason_holds_paid_calls_and_is_ended()
    {
        const string Reason = "<script>alert(1)</script>";
        var command = Of("paused", "a red fox");
        using var page = await console.OpenAsync("/");
        await page.ClickAsync("Pause");
        await page.Page.Locator("dialog [type=submit]").ClickAsync();
        await Expect(page.Page.Locator("dialog")).ToBeVisibleAsync();
        await page.Page.GetByLabel("Reason").FillAsync(Reason);
        _paused = true;
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.Page.Locator("[data-holds-up]")).ToContainTextAsync(Reason);
        await PausedAsync();

        await _worker.Commands.SendAsync(command);
        await StoredAsync("paused", 1);
        await Expect(page.Page.Locator("[data-live=pace]")).ToContainTextAsync("; 1 wait");
        Assert.Empty(_worker.PaidFor(command).Submissions);
        await page.ClickAsync("Resume");
        await page.ConfirmAsync();

        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        var resumed = await _worker.QueryAsync("SELECT max(at) FROM audit WHERE target = 'resume'");
        Assert.True(Assert.Single(_worker.PaidFor(command).Submissions).AcceptedAt.UtcDateTime > (DateTime)resumed!);
        await page.GoAsync("/audit");
        await Expect(page.Page.Locator("tbody tr").Nth(0)).ToContainTextAsync("resume");
        await Expect(page.Page.Locator("tbody tr").Nth(1)).ToContainTextAsync(Reason);
        Assert.Equal(1L, await _worker.QueryAsync($"SELECT count(*) FROM audit WHERE reason = '{Reason}'"));
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task A_ceiling_is_set_and_taken_away_and_one_that_cannot_be_is_refused_with_a_reason()
    {
        using var page = await console.OpenAsync("/");

        await page.ClickAsync("Set a ceiling");
        await page.Page.GetByLabel("Calls a second", new() { Exact = true }).FillAsync("0");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.Page.Locator("dialog .said")).ToHaveTextAsync("perSecond is 0: write 0.1 to 10000.");
        Assert.Null(await CeilingAsync());

        await page.Page.GetByLabel("Calls a second", new() { Exact = true }).FillAsync("7.5");
        await page.ConfirmAsync();
        await Expect(page.Page.Locator("[data-live=pace]")).ToContainTextAsync("7.5");
        Assert.Equal(7.5, await CeilingAsync());

        await page.ClickAsync("No ceiling");
        await page.ConfirmAsync();
        await Expect(page.Page.GetByRole(AriaRole.Button, new() { Name = "No ceiling" })).ToHaveCountAsync(0);
        Assert.Null(await CeilingAsync());

        async Task<object?> CeilingAsync() =>
            await _worker.QueryAsync("SELECT ceiling FROM call_pace") is double rate ? rate : null;
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/requests")]
    [InlineData("/requests/OPEN")]
    [InlineData("/put-aside")]
    public async Task Who_may_only_look_is_shown_nothing_to_do(string path)
    {
        path = path.Replace("OPEN", $"{console.Open.RequestId}", StringComparison.Ordinal);
        if (path == "/put-aside")
        {
            await _worker.Commands.SendBodyAsync("""{"prompt":"nobody's","count":""");
            await Eventually.HoldsAsync(async () => await _worker.Commands.CountAsync("generate-images_error") > 0);
        }

        var (_, acting) = await console.Started.GetAsync(path, ConsoleFixture.Key);
        var (status, looking) = await console.Started.GetAsync(path, ConsoleFixture.ViewKey);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("data-act=", acting, StringComparison.Ordinal);
        Assert.DoesNotContain("data-act=", looking, StringComparison.Ordinal);
        Assert.DoesNotContain("<dialog", looking, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dialog_can_be_used_by_everybody()
    {
        Assert.SkipUnless(File.Exists(ConsolePage.Axe), "axe-core is not installed: npm install in its folder.");
        using var page = await console.OpenAsync("/");

        await page.ClickAsync("Pause");

        Assert.Empty(await page.ViolationsAsync());
    }

    /// <summary>A pause that a failed test leaves behind would hold the calls of all the others.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_paused)
            await _worker.QueryAsync("UPDATE call_pace SET paused_at = NULL, pause_reason = NULL");
    }

    private static GenerateImages Of(string tenant, string prompt, int count = 1) =>
        WorkerUnderTest.Command(prompt, count) with
        {
            Tenant = tenant,
        };

    private async Task PauseAsync(ConsolePage page, string reason)
    {
        await page.ClickAsync("Pause");
        await page.Page.GetByLabel("Reason").FillAsync(reason);
        _paused = true;
        await page.ConfirmAsync();
        await PausedAsync();
    }

    /// <summary>The worker looks at the pace once a second.</summary>
    private Task PausedAsync() =>
        Eventually.PassesAsync(async () =>
            Assert.Matches(
                "(?m)^imageworker_pace_paused(\\{.*\\})? 1( |$)",
                (await console.Started.GetAsync("/metrics", ConsoleFixture.Key)).Body
            )
        );

    private async Task StartAsync(GenerateImages command)
    {
        await _worker.Commands.SendAsync(command);
        await console.StateAsync(command, "Generating");
    }

    private Task StoredAsync(string tenant, long count) =>
        Eventually.PassesAsync(async () => Assert.Equal(count, await CountAsync(tenant, "true")));

    private async Task<long> CountAsync(string tenant, string condition) =>
        (long)(await _worker.QueryAsync($"SELECT count(*) FROM requests WHERE tenant = '{tenant}' AND {condition}"))!;

    private async Task<long> AuditedAsync(string target) =>
        (long)(await _worker.QueryAsync($"SELECT count(*) FROM audit WHERE target = '{target}'"))!;
}
