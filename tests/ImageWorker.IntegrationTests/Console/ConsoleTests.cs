using System.Globalization;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>The pages in a browser.</summary>
[Collection(nameof(SharedConsole))]
public sealed class ConsoleTests(ConsoleFixture console)
{
    public static TheoryData<string> Pages { get; } =
        new(
            "/",
            "/?span=day",
            "/requests",
            "/requests?state=closed&id=x",
            "/requests/RESENT",
            "/requests/FAILED",
            "/requests/OPEN",
            "/put-aside",
            "/put-aside?prompt=shown&reason=nothing",
            "/costs",
            "/audit",
            "/costs?since=7d&by=day&by=tenant&by=outcome"
        );

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Everybody_can_use_every_page_on_every_screen_and_it_has_no_error(string path)
    {
        using var page = await console.OpenAsync(PathOf(path));
        await page.Page.WaitForLoadStateAsync();

        if (File.Exists(ConsolePage.Axe))
            Assert.Empty(await page.ViolationsAsync());

        Assert.False(await page.ScrollsSidewaysOnAPhoneAsync());
        Assert.Empty(page.Complaints);
        Assert.SkipUnless(File.Exists(ConsolePage.Axe), "axe-core is not installed: npm install in its folder.");
    }

    [Fact]
    public async Task The_overview_follows_what_happens_without_reloading()
    {
        using var page = await console.OpenAsync("/");
        var closed = page.Page.Locator("[data-live='today.closed']");
        var before = int.Parse(await closed.InnerTextAsync(), CultureInfo.InvariantCulture);
        await page.Page.EvaluateAsync("window.isTheSame = true");

        await console.Worker.CloseAsync(WorkerUnderTest.Command("a green hill"));

        await Eventually.HoldsAsync(async () => await closed.InnerTextAsync() == $"{before + 1}");
        Assert.True(await page.Page.EvaluateAsync<bool>("window.isTheSame"));
    }

    [Fact]
    public async Task The_list_is_gone_through_by_keys()
    {
        using var page = await console.OpenAsync($"/requests?state=closed&tenant={ConsoleFixture.Tenant}");
        var rows = await page.Page.Locator("a.id").AllInnerTextsAsync();

        await page.Page.Keyboard.PressAsync("j");
        await page.Page.Keyboard.PressAsync("j");
        Assert.Equal(rows[1], await page.FocusedAsync());
        await page.Page.Keyboard.PressAsync("k");
        Assert.Equal(rows[0], await page.FocusedAsync());
        await page.Page.Keyboard.PressAsync("/");
        Assert.True(await page.Page.EvaluateAsync<bool>("document.activeElement.matches('[data-find]')"));

        await page.Page.Keyboard.TypeAsync($"{console.Failed.RequestId}"[..8]);
        await page.Page.Keyboard.PressAsync("Enter");

        await Eventually.PassesAsync(async () =>
            Assert.Equal([$"{console.Failed.RequestId}"], await page.Page.Locator("a.id").AllInnerTextsAsync())
        );
    }

    [Fact]
    public async Task Costs_are_those_of_the_requests_to_the_last_digit()
    {
        using var page = await console.OpenAsync("/costs?by=tenant&by=outcome");

        var rows = await page.Page.Locator("tbody tr").AllInnerTextsAsync();

        Assert.Contains(
            rows,
            row =>
                row.StartsWith(
                    $"{ConsoleFixture.Tenant}\tContentPolicyViolation\t1\t0\t0.0380\t0.0380",
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public async Task Nothing_moves_while_a_page_loads()
    {
        using var page = await console.OpenAsync($"/requests/{console.Resent.RequestId}");
        await Eventually.PassesAsync(async () => Assert.Equal(2, await page.ShownPicturesAsync()));

        var moved = await page.Page.EvaluateAsync<double>(
            """
            () => new Promise(done => {
                let sum = 0;
                new PerformanceObserver(list => list.getEntries().forEach(shift => sum += shift.value))
                    .observe({ type: 'layout-shift', buffered: true });
                requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
            })
            """
        );

        Assert.Equal(0, moved);
    }

    [Fact]
    public async Task A_request_shows_its_pictures_with_their_costs_and_its_calls_to_scale()
    {
        using var page = await console.OpenAsync($"/requests/{console.Resent.RequestId}");

        await Eventually.PassesAsync(async () => Assert.Equal(2, await page.ShownPicturesAsync()));

        var costs = await page.Page.Locator("figcaption").AllInnerTextsAsync();
        Assert.Contains("0.0380 EUR", costs[0], StringComparison.Ordinal);
        Assert.Contains("0.0760 EUR", costs[1], StringComparison.Ordinal);
        Assert.Equal(
            ["Until the first call", "submission of images 0, 1", "resend of image 1, attempt 2", ""],
            await page.Page.Locator(".lanes > span").AllInnerTextsAsync()
        );
        Assert.Equal(2, await page.Page.Locator("rect.lane-call").CountAsync());
        Assert.DoesNotContain("red fox", await page.Page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_overview_lists_requests_with_thumbnails_that_lead_to_them()
    {
        var command = WorkerUnderTest.Command("a green hill", count: 2);
        await console.Worker.CloseAsync(command);
        using var page = await console.OpenAsync("/");
        var row = page.Page.Locator("tr", new() { HasText = $"{command.RequestId}" });
        Assert.Equal(2, await row.Locator("img").CountAsync());

        await row.Locator("a").ClickAsync();

        await Eventually.HoldsAsync(() =>
            page.Page.Url.EndsWith($"/requests/{command.RequestId}", StringComparison.Ordinal)
        );
    }

    private string PathOf(string path) =>
        path.Replace("RESENT", $"{console.Resent.RequestId}", StringComparison.Ordinal)
            .Replace("FAILED", $"{console.Failed.RequestId}", StringComparison.Ordinal)
            .Replace("OPEN", $"{console.Open.RequestId}", StringComparison.Ordinal);
}
