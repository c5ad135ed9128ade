using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using ImageWorker.ZpkSimulator;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>The tests in a browser: one at a time, all on the same worker and in the same browser.</summary>
[CollectionDefinition(nameof(SharedConsole))]
public sealed class SharedConsole : ICollectionFixture<ConsoleFixture>;

/// <summary>An embedded worker with a key, a few requests of every kind, and a browser.</summary>
public sealed class ConsoleFixture : IAsyncLifetime
{
    public const string Key = "a-key-for-those-who-act";

    public const string ViewKey = "a-key-for-those-who-look";

    private readonly EmptyFolder _folder = new();
    private ZpkSimulatorServer? _zpk;
    private StartedWorker? _worker;
    private Chromium? _browser;

    /// <summary>Two pictures, one of them at the second attempt.</summary>
    public Guid Resent { get; } = Guid.NewGuid();

    /// <summary>None, by the content policy.</summary>
    public Guid Failed { get; } = Guid.NewGuid();

    /// <summary>Goes on for longer than any test.</summary>
    public Guid Open { get; } = Guid.NewGuid();

    internal StartedWorker Worker => _worker ?? throw new InvalidOperationException("The worker is not started.");

    internal ZpkSimulatorServer Zpk => _zpk ?? throw new InvalidOperationException("ZPK is not started.");

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Chromium.IsInstalled, "Chromium is not installed: Debian's package chromium.");
        _zpk = await WorkerUnderTest.StartZpkAsync();
        _worker = WorkerProgram.StartWorker(Settings, _folder.FullName);
        var browser = Chromium.StartAsync();
        await _worker.ReadyAsync();
        await Task.WhenAll(
            SendAsync("a red fox [general-error 1]", Resent, count: 2),
            SendAsync("a blue boat [policy]", Failed),
            StartAsync("a slow owl [seconds 600]", Open)
        );
        _browser = await browser;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        if (_worker is not null)
            await _worker.DisposeAsync();
        if (_zpk is not null)
            await _zpk.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Opens a page as who may act, or with another key.</summary>
    internal async Task<ConsolePage> OpenAsync(string path, string? key = Key, int width = 1280, bool dark = false)
    {
        var page = await _browser!.OpenAsync(await Worker.AddressOfAsync("/"), key, width, dark);
        return await page.GoAsync(path);
    }

    /// <summary>Sends a command, and returns once it is closed.</summary>
    internal async Task SendAsync(string prompt, Guid id, int count = 1)
    {
        await using var send = Send(prompt, id, count);
        await send.WaitForExitAsync();
    }

    /// <summary>Sends a command, and returns once it is open.</summary>
    internal async Task StartAsync(string prompt, Guid id)
    {
        await using var send = Send(prompt, id, 1);
        await Eventually.HoldsAsync(async () =>
            (await Worker.GetAsync($"/api/requests/{id}", Key)).Body.Contains(
                "\"Generating\"",
                StringComparison.Ordinal
            )
        );
    }

    private IEnumerable<KeyValuePair<string, string?>> Settings =>
        [
            .. WorkerUnderTest.QuickSettings(Zpk),
            new("Operations__Key", Key),
            new("Operations__ViewKey", ViewKey),
            new("Operations__TraceUrl", "http://traces.example/trace/{traceId}"),
        ];

    private ChildProcess Send(string prompt, Guid id, int count) =>
        WorkerProgram.Start(
            ["send", prompt, "--request-id", $"{id}", "--count", $"{count}"],
            WorkerUnderTest.QuickSettings(Zpk),
            _folder.FullName
        );
}
