using System.Collections.Concurrent;
using ImageWorker.IntegrationTests.Deploy;
using Microsoft.Playwright;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>A page of the console in a browser.</summary>
internal sealed class ConsolePage : IDisposable
{
    /// <summary>The file of axe-core, which npm brings.</summary>
    public static readonly string Axe = Checkout.At(
        "tests",
        "ImageWorker.IntegrationTests",
        "Console",
        "node_modules",
        "axe-core",
        "axe.min.js"
    );

    /// <summary>A usual screen.</summary>
    public static readonly ViewportSize Desk = new() { Width = 1280, Height = 900 };

    private readonly ConcurrentQueue<string> _complaints = new();

    public ConsolePage(IPage page)
    {
        Page = page;
        page.Console += Listen;
        page.PageError += Listen;
    }

    public IPage Page { get; }

    /// <summary>Errors of scripts, and what the content policy forbade.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    public async Task<ConsolePage> GoAsync(string path)
    {
        var answer = await Page.GotoAsync(path);
        Assert.Equal(200, answer?.Status);
        return this;
    }

    public Task ClickAsync(string button) =>
        Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    /// <summary>Answers the question with yes, and returns once the action is done and its outcome is shown.</summary>
    public async Task ConfirmAsync()
    {
        await Page.Locator("dialog [type=submit]").ClickAsync();
        await Assertions.Expect(Page.Locator("dialog")).ToBeHiddenAsync();
    }

    /// <summary>Whether it is wider than a phone's screen.</summary>
    public async Task<bool> ScrollsSidewaysOnAPhoneAsync()
    {
        await Page.SetViewportSizeAsync(390, 844);
        return await Page.EvaluateAsync<bool>(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        );
    }

    /// <summary>How many of a request's pictures the browser could read.</summary>
    public Task<int> ShownPicturesAsync() =>
        Page.EvaluateAsync<int>(
            "[...document.querySelectorAll('.pictures img')].filter(picture => picture.naturalWidth > 0).length"
        );

    /// <summary>The text of what has the keyboard.</summary>
    public Task<string> FocusedAsync() => Page.EvaluateAsync<string>("document.activeElement.textContent");

    /// <summary>What keeps somebody from using the page, by axe-core's rules of WCAG 2.2 AA, in the light and in the dark.</summary>
    public async Task<string[]> ViolationsAsync()
    {
        await Page.EvaluateAsync(await File.ReadAllTextAsync(Axe, TestContext.Current.CancellationToken));
        var light = await ViolationsAsync("'wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'");
        await Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        // These look at colors. To the others the dark page is the same.
        string[] dark = await ViolationsAsync("'color-contrast', 'link-in-text-block'");
        await Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        return [.. light, .. dark.Select(violation => $"in the dark: {violation}")];
    }

    /// <summary>The browser's page stays, for the next test.</summary>
    public void Dispose()
    {
        Page.Console -= Listen;
        Page.PageError -= Listen;
    }

    private void Listen(object? page, IConsoleMessage message)
    {
        // A picture that will not do is no fault of its page: other tests have such requests.
        if (message.Type is "error" or "warning" && !message.Location.Contains("/pictures/", StringComparison.Ordinal))
            _complaints.Enqueue(message.Text);
    }

    private void Listen(object? page, string error) => _complaints.Enqueue(error);

    private Task<string[]> ViolationsAsync(string rules) =>
        Page.EvaluateAsync<string[]>(
            $$"""
            async () => {
                const { violations } = await axe.run({ runOnly: [{{rules}}], resultTypes: ['violations'], preload: false });
                return violations.flatMap(found => found.nodes.map(node => `${found.id}: ${node.html}`));
            }
            """
        );
}
