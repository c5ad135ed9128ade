using Microsoft.Playwright;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>One headless Chromium, Debian's own, for all tests of the console.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    public static bool IsInstalled => File.Exists(Program);

    public static async Task<Chromium> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(
            // Its sandbox does not start as root, as which containers run tests.
            new() { ExecutablePath = Program, Args = ["--no-sandbox"] }
        );
        return new(playwright, browser);
    }

    /// <summary>A page of its own, with what it complains about.</summary>
    public async Task<ConsolePage> OpenAsync(Uri root, string? key, int width, bool dark)
    {
        var context = await _browser.NewContextAsync(
            new()
            {
                BaseURL = root.ToString(),
                ViewportSize = new() { Width = width, Height = 900 },
                ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
                HttpCredentials = key is null ? null : new() { Username = "operator", Password = key },
                ReducedMotion = ReducedMotion.Reduce,
            }
        );
        context.SetDefaultTimeout(20_000);
        return new(context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
