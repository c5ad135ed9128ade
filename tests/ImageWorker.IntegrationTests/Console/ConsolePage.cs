using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>A page of the console in a browser.</summary>
internal sealed class ConsolePage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();

    public ConsolePage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
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

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}
