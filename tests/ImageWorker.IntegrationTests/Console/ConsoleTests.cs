using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>The pages in a browser.</summary>
[Collection(nameof(SharedConsole))]
public sealed class ConsoleTests(ConsoleFixture console)
{
    public static TheoryData<string> Pages { get; } =
        new("/", "/requests/RESENT", "/requests/FAILED", "/requests/OPEN");

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task No_page_has_an_error_or_breaks_its_content_policy(string path)
    {
        await using var page = await console.OpenAsync(PathOf(path));

        await page.Page.WaitForLoadStateAsync();

        Assert.Empty(page.Complaints);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task On_a_phone_no_page_scrolls_sideways(string path)
    {
        await using var page = await console.OpenAsync(PathOf(path), width: 390);

        Assert.False(await page.ScrollsSidewaysAsync());
    }

    [Fact]
    public async Task A_request_shows_its_pictures_with_their_costs_and_its_calls_to_scale()
    {
        await using var page = await console.OpenAsync($"/requests/{console.Resent}");

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
        await using var page = await console.OpenAsync("/");
        var row = page.Page.Locator("tr", new() { HasText = $"{console.Resent}" });
        Assert.Equal(2, await row.Locator("img").CountAsync());

        await row.Locator("a").ClickAsync();

        await Eventually.HoldsAsync(() =>
            page.Page.Url.EndsWith($"/requests/{console.Resent}", StringComparison.Ordinal)
        );
    }

    private string PathOf(string path) =>
        path.Replace("RESENT", $"{console.Resent}", StringComparison.Ordinal)
            .Replace("FAILED", $"{console.Failed}", StringComparison.Ordinal)
            .Replace("OPEN", $"{console.Open}", StringComparison.Ordinal);
}
