using System.Runtime.InteropServices;
using ImageWorker.IntegrationTests.Console;
using ImageWorker.IntegrationTests.Workers;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ImageWorker.IntegrationTests.Telemetry;

[Collection(nameof(SharedConsole))]
public sealed class AspireDashboardTests : IDisposable
{
    private readonly EmptyFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_shows_a_request_as_log_lines_as_the_trace_that_they_lead_to_and_in_the_metrics()
    {
        Assert.SkipUnless(Chromium.IsInstalled, "Chromium is not installed: Debian's package chromium.");
        Assert.SkipUnless(RuntimeInformation.OSArchitecture is Architecture.X64, "The package is for x64.");
        await using var dashboard = AspireDashboard.Start();
        await using var worker = WorkerProgram.StartWorker(
            [
                .. OtlpReceiver.SettingsOf(dashboard.OtlpAddress),
                new("OTEL_SERVICE_NAME", "imageworker"),
                // Every page of the dashboard is drawn anew with what comes.
                new("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            ],
            _folder.FullName
        );
        await using var browser = await Chromium.StartAsync();
        await dashboard.ReadyAsync();
        await worker.ReadyAsync();

        await using var send = WorkerProgram.Start(
            ["send", "a red fox [seconds 0.3]", "--count", "3"],
            [],
            _folder.FullName
        );
        var ready = await ClosingLine.ReadyAsync(send);

        using var opened = await browser.OpenAsync(dashboard.Address, key: null);
        await opened.GoAsync($"/login?t={AspireDashboard.Token}");
        var page = opened.Page;
        // What would have to be scrolled to is not on the page at all.
        await page.SetViewportSizeAsync(ConsolePage.Desk.Width, 3 * ConsolePage.Desk.Height);
        var line = page.GetByRole(AriaRole.Row)
            .Filter(new() { HasText = $"Request {ready.RequestId} closed: ImagesReady, 3 of 3 images" });
        await line.GetByRole(AriaRole.Link).ClickAsync();

        await Expect(page.GetByText("imageworker: process generate-images").First).ToBeVisibleAsync();
        foreach (var span in (string[])["submit", "wait for pictures", "check"])
            await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = span }).First).ToBeVisibleAsync();

        await opened.GoAsync("/metrics/resource/imageworker");
        await page.GetByTitle("imageworker.images.settled").ClickAsync();
        await page.GetByRole(AriaRole.Tab, new() { Name = "Table", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Gridcell, new() { Name = "3", Exact = true }).First).ToBeVisibleAsync();
    }
}
