using System.Net;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>What an API could have operators' browsers read as a picture.</summary>
[Collection(nameof(SharedConsole))]
public sealed class HostilePictureTests(ConsoleFixture console) : IAsyncLifetime
{
    private const string Html = "<!DOCTYPE html><script>alert(1)</script>";
    private const string Svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";

    private WebApplication? _server;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _server.MapGet("/html", () => Results.Text(Html, "text/html"));
        _server.MapGet("/svg", () => Results.Text(Svg, "image/svg+xml"));
        _server.MapGet("/html-as-png", () => Results.Text(Html, "image/png"));
        _server.MapGet("/endless", SendEndlesslyAsync);
        _server.MapGet("/inside", () => Results.Redirect("http://10.0.0.1:9/picture.png"));
        await _server.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync() => await _server!.DisposeAsync();

    [Theory]
    [InlineData("html", "the content type is text/html")]
    [InlineData("svg", "no PNG, JPEG, WebP or GIF")]
    [InlineData("html-as-png", "no PNG, JPEG, WebP or GIF")]
    [InlineData("endless", "more than 16777216 bytes")]
    [InlineData("inside", "into a private network")]
    public async Task What_is_no_picture_is_not_shown_and_its_address_says_why(string what, string why)
    {
        var command = WorkerUnderTest.Command($"a red fox [say image_url={_server!.Urls.Single()}/{what} always]");
        await console.Worker.CloseAsync(command);

        var (status, body) = await console.Started.GetAsync(
            $"/api/requests/{command.RequestId}/pictures/0",
            ConsoleFixture.Key
        );
        using var page = await console.OpenAsync($"/requests/{command.RequestId}");

        Assert.Equal(HttpStatusCode.BadGateway, status);
        Assert.Contains(why, body, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", body, StringComparison.OrdinalIgnoreCase);
        await Microsoft
            .Playwright.Assertions.Expect(page.Page.Locator(".frame"))
            .ToHaveTextAsync("The picture could not be shown. Open it to see why.");
    }

    [Fact]
    public async Task A_picture_that_failed_before_the_page_s_script_came_says_so_too()
    {
        const string Failed = "document.images.length > 0 && document.images[0].complete";
        var command = WorkerUnderTest.Command($"a red fox [say image_url={_server!.Urls.Single()}/svg always]");
        await console.Worker.CloseAsync(command);
        using var page = await console.OpenAsync("/");
        // Once: the next test has the same page of the browser.
        await page.Page.RouteAsync(
            "**/console.js",
            async route =>
            {
                await Eventually.PassesAsync(async () => Assert.True(await page.Page.EvaluateAsync<bool>(Failed)));
                await route.ContinueAsync();
            },
            new() { Times = 1 }
        );

        await page.GoAsync($"/requests/{command.RequestId}");

        await Microsoft
            .Playwright.Assertions.Expect(page.Page.Locator(".frame"))
            .ToHaveTextAsync("The picture could not be shown. Open it to see why.");
    }

    private static async Task SendEndlesslyAsync(HttpContext http)
    {
        http.Response.ContentType = "image/png";
        var chunk = new byte[1024 * 1024];
        while (!http.RequestAborted.IsCancellationRequested)
            await http.Response.Body.WriteAsync(chunk, http.RequestAborted);
    }
}
