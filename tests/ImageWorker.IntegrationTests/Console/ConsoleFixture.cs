using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>The tests in a browser: one at a time, all on the same worker and in the same browser.</summary>
[CollectionDefinition(nameof(SharedConsole))]
public sealed class SharedConsole : ICollectionFixture<ConsoleFixture>;

/// <summary>A worker with keys, a few requests of every kind, and a browser.</summary>
public sealed class ConsoleFixture(TestServers servers) : IAsyncLifetime
{
    public const string Key = "a-key-for-those-who-act";

    public const string ViewKey = "a-key-for-those-who-look";

    /// <summary>The tenant of the requests that every test finds, and no other of.</summary>
    public const string Tenant = "gallery";

    /// <summary>ZPK names a time so far away that no test sees the check of its own accord.</summary>
    public const string Slow = "a slow owl [seconds 0.3] [wait-factor 10000]";

    private WorkerUnderTest? _worker;
    private StartedWorker? _started;
    private Chromium? _browser;

    /// <summary>Two pictures, one of them at the second attempt.</summary>
    public GenerateImages Resent { get; } = Command("a red fox [general-error 1]", count: 2);

    /// <summary>None, by the content policy.</summary>
    public GenerateImages Failed { get; } = Command("a blue boat [policy]");

    /// <summary>Goes on for longer than any test.</summary>
    public GenerateImages Open { get; } = Command(Slow);

    public WorkerUnderTest Worker => _worker ?? throw new InvalidOperationException("The worker is not started.");

    public StartedWorker Started => _started ?? throw new InvalidOperationException("The worker is not started.");

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Chromium.IsInstalled, "Chromium is not installed: Debian's package chromium.");
        var browser = Chromium.StartAsync();
        _worker = await WorkerUnderTest.CreateAsync(servers);
        _started = await _worker.StartAsync(
            new("Operations__Key", Key),
            new("Operations__ViewKey", ViewKey),
            new("Operations__TraceUrl", "http://traces.example/trace/{traceId}")
        );
        foreach (var command in new[] { Resent, Failed, Open })
            await _worker.Commands.SendAsync(command);
        await _worker.ClosedOnceAsync(Resent);
        await _worker.ClosedOnceAsync(Failed);
        await StateAsync(Open, "Generating");
        _browser = await browser;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        if (_started is not null)
            await _started.DisposeAsync();
        if (_worker is not null)
            await _worker.DisposeAsync();
    }

    /// <summary>Opens a page as who may act, or with another key.</summary>
    internal async Task<ConsolePage> OpenAsync(string path, string? key = Key)
    {
        var page = await _browser!.OpenAsync(await Started.AddressOfAsync("/"), key);
        return await page.GoAsync(path);
    }

    /// <summary>Returns once the request is in this state.</summary>
    internal Task StateAsync(GenerateImages command, string state) =>
        Eventually.PassesAsync(async () =>
            Assert.Equal(state, await Worker.QueryAsync($"SELECT state FROM requests WHERE id = '{command.RequestId}'"))
        );

    private static GenerateImages Command(string prompt, int count = 1) =>
        WorkerUnderTest.Command(prompt, count) with
        {
            Tenant = Tenant,
        };
}
