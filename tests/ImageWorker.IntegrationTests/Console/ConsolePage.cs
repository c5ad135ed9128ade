using System.Collections.Concurrent;
using ImageWorker.IntegrationTests.Deploy;
using Microsoft.Playwright;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>A page of the console in a browser.</summary>
internal sealed class ConsolePage : IAsyncDisposable
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

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();

    public ConsolePage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            // A picture that will not do is no fault of its page: other tests have such requests.
            if (
                message.Type is "error" or "warning"
                && !message.Location.Contains("/pictures/", StringComparison.Ordinal)
            )
                _complaints.Enqueue(message.Text);
        };
        page.PageError += (_, error) => _complaints.Enqueue(error);
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

    /// <summary>Whether it is wider than the screen.</summary>
    public Task<bool> ScrollsSidewaysAsync() =>
        Page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth");

    /// <summary>How many of a request's pictures the browser could read.</summary>
    public Task<int> ShownPicturesAsync() =>
        Page.EvaluateAsync<int>(
            "[...document.querySelectorAll('.pictures img')].filter(picture => picture.naturalWidth > 0).length"
        );

    /// <summary>The text of what has the keyboard.</summary>
    public Task<string> FocusedAsync() => Page.EvaluateAsync<string>("document.activeElement.textContent");

    /// <summary>What keeps somebody from using the page, by axe-core's rules of WCAG 2.2 AA.</summary>
    public async Task<string[]> ViolationsAsync()
    {
        await Page.EvaluateAsync(await File.ReadAllTextAsync(Axe, TestContext.Current.CancellationToken));
        return await Page.EvaluateAsync<string[]>(
            """
            async () => {
                const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] });
                return violations.flatMap(found => found.nodes.map(node => `${found.id}: ${node.html}`));
            }
            """
        );
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}
