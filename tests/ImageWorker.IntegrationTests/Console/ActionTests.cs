using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>What can be done on the pages, up to what is sent to the API; what the API does with it is its own tests' matter.</summary>
[Collection(nameof(SharedConsole))]
public sealed class ActionTests(ConsoleFixture console)
{
    [Fact]
    public async Task Nothing_is_sent_before_the_question_is_answered_and_then_the_page_is_shown_anew()
    {
        await using var page = await console.OpenAsync($"/requests/{console.Open}");
        var sent = await AnswerAsync(page.Page, $"**/api/requests/{console.Open}/cancel", "{}");

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(page.Page.Locator("dialog h2")).ToHaveTextAsync("Cancel this request?");
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(page.Page.Locator("dialog")).ToBeHiddenAsync();
        Assert.Empty(sent);

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await page.Page.Locator("dialog [type=submit]").ClickAsync();
        await Expect(page.Page.Locator("dialog")).ToBeHiddenAsync();

        var request = Assert.Single(sent);
        Assert.Equal("POST", request.Method);
        Assert.Equal("act", request.Headers["x-imageworker"]);
    }

    [Fact]
    public async Task What_a_filter_would_change_is_shown_before_it_is_changed()
    {
        await using var page = await console.OpenAsync("/requests?state=open&tenant=shop");
        var sent = await AnswerAsync(
            page.Page,
            "**/api/requests/cancel",
            """{"count":1200,"images":2400,"estimatedCost":91.2,"done":1200,"next":null}"""
        );

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel all found" }).ClickAsync();
        await Expect(page.Page.Locator("dialog .said"))
            .ToHaveTextAsync("1,200 requests with 2,400 images, about 91.2 EUR.");
        await page.Page.Locator("dialog [type=submit]").ClickAsync();
        await Expect(page.Page.Locator("dialog")).ToBeHiddenAsync();

        var bodies = sent.Select(request => JsonDocument.Parse(request.PostData!).RootElement).ToList();
        Assert.Equal([true, false], bodies.Select(body => body.GetProperty("preview").GetBoolean()));
        Assert.All(bodies, body => Assert.Equal("shop", body.GetProperty("tenant").GetString()));
    }

    [Fact]
    public async Task A_pause_wants_a_reason_and_a_refusal_says_why()
    {
        await using var page = await console.OpenAsync("/");
        var sent = await AnswerAsync(page.Page, "**/api/pace", """{"detail":"It is paused already."}""", status: 409);

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await page.Page.Locator("dialog [type=submit]").ClickAsync();
        Assert.Empty(sent);
        await page.Page.GetByLabel("Reason").FillAsync("the invoice is wrong");
        await page.Page.Keyboard.PressAsync("Enter");

        await Expect(page.Page.Locator("dialog .said")).ToHaveTextAsync("It is paused already.");
        Assert.Equal("""{"paused":true,"reason":"the invoice is wrong"}""", Assert.Single(sent).PostData);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/requests")]
    [InlineData("/requests/OPEN")]
    public async Task Who_may_only_look_is_shown_nothing_to_do(string path)
    {
        path = path.Replace("OPEN", $"{console.Open}", StringComparison.Ordinal);
        await using var acting = await console.OpenAsync(path);
        await using var looking = await console.OpenAsync(path, ConsoleFixture.ViewKey);

        Assert.NotEqual(0, await acting.Page.Locator("[data-act]").CountAsync());
        Assert.Equal(0, await looking.Page.Locator("[data-act], dialog").CountAsync());
    }

    [Fact]
    public async Task A_pause_is_made_shown_and_ended_and_the_audit_tells_of_both()
    {
        await using var page = await console.OpenAsync("/");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await page.Page.GetByLabel("Reason").FillAsync("<script>alert(1)</script>");
        await page.Page.Keyboard.PressAsync("Enter");

        await Expect(page.Page.Locator("[data-holds-up]")).ToContainTextAsync("<script>alert(1)</script>");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await page.Page.Locator("dialog [type=submit]").ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" })).ToBeVisibleAsync();

        await page.GoAsync("/audit");
        await Expect(page.Page.Locator("tbody tr").Nth(0)).ToContainTextAsync("resume");
        await Expect(page.Page.Locator("tbody tr").Nth(1)).ToContainTextAsync("<script>alert(1)</script>");
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task A_dialog_can_be_used_by_everybody()
    {
        Assert.SkipUnless(File.Exists(ConsolePage.Axe), "axe-core is not installed: npm install in its folder.");
        await using var page = await console.OpenAsync("/");

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();

        Assert.Empty(await page.ViolationsAsync());
    }

    /// <summary>Stands in for the API, and keeps what it was sent.</summary>
    private static async Task<List<IRequest>> AnswerAsync(IPage page, string address, string body, int status = 200)
    {
        var sent = new List<IRequest>();
        await page.RouteAsync(
            address,
            route =>
            {
                sent.Add(route.Request);
                return route.FulfillAsync(
                    new()
                    {
                        Status = status,
                        ContentType = "application/json",
                        Body = body,
                    }
                );
            }
        );
        return sent;
    }
}
