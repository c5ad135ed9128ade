using ImageWorker.IntegrationTests.Servers;
using Microsoft.Playwright;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>One headless Chromium, Debian's own, for all tests of the console.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    private static readonly float Patience = (float)Eventually.DefaultTimeout.TotalMilliseconds;

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly Dictionary<string, IPage> _pages = new(StringComparer.Ordinal);

    private Chromium(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    public static bool IsInstalled => File.Exists(Program);

    public static async Task<Chromium> StartAsync()
    {
        Assertions.SetDefaultExpectTimeout(Patience);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(
            // Its sandbox does not start as root, as which containers run tests.
            new()
            {
                ExecutablePath = Program,
                Args = ["--no-sandbox", "--disable-gpu", "--disable-software-rasterizer"],
            }
        );
        return new(playwright, browser);
    }

    /// <summary>
    /// The one page that shows this key, as it is before its first look, and what it complains about. A new one for each
    /// test would be a new process.
    /// </summary>
    public async Task<ConsolePage> OpenAsync(Uri root, string? key)
    {
        if (!_pages.TryGetValue(key ?? "", out var page))
            _pages[key ?? ""] = page = await (await CreateContextAsync(root, key)).NewPageAsync();
        await page.SetViewportSizeAsync(ConsolePage.Desk.Width, ConsolePage.Desk.Height);
        // What the pointer is in stays as it is.
        await page.Mouse.MoveAsync(0, 0);
        return new(page);
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    private async Task<IBrowserContext> CreateContextAsync(Uri root, string? key)
    {
        var context = await _browser.NewContextAsync(
            new()
            {
                BaseURL = root.ToString(),
                ViewportSize = ConsolePage.Desk,
                ColorScheme = ColorScheme.Light,
                HttpCredentials = key is null ? null : new() { Username = "operator", Password = key },
                ReducedMotion = ReducedMotion.Reduce,
            }
        );
        context.SetDefaultTimeout(Patience);
        return context;
    }
}
