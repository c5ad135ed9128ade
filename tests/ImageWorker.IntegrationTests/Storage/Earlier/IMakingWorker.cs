using ImageWorker.Contracts;
using ImageWorker.Engine;
using ImageWorker.IntegrationTests.Workers;
using ImageWorker.Storage;
using ImageWorker.ZpkSimulator;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.IntegrationTests.Storage.Earlier;

/// <summary>A worker that a dump is made with, whatever it keeps its work in.</summary>
internal interface IMakingWorker
{
    /// <summary>
    /// Each process is to leave alone what the one before it left, and what waits is to wait until the dump is made.
    /// </summary>
    protected static readonly KeyValuePair<string, string?>[] Patience =
    [
        new("Delivery__Lease", "00:00:30"),
        new("Delivery__TickPatience", "01:00:00"),
        new("Requests__Backoff", "00:00:30"),
        new("Requests__MaxBackoff", "00:00:30"),
        new("Requests__ResendBackoff", "00:00:30"),
        new("Requests__ClosingGrace", "00:05:00"),
        new("Retention__Interval", "00:00:01"),
        new("Submission__PerSecond", "50"),
    ];

    ZpkSimulatorServer Zpk { get; }

    Task SendAsync(GenerateImages command);

    Task CancelAsync(Guid requestId);

    /// <summary>Starts a process that kills itself when it gets to a crash point, if one is named.</summary>
    Task<StartedWorker> StartAsync(string? crashAt);

    /// <summary>The first value of the first row.</summary>
    Task<object?> QueryAsync(string sql);
}

internal sealed class MakingWorker(WorkerUnderTest worker) : IMakingWorker
{
    public ZpkSimulatorServer Zpk => worker.Zpk;

    public Task SendAsync(GenerateImages command) => worker.Commands.SendAsync(command);

    public Task CancelAsync(Guid requestId) => worker.Commands.CancelAsync(requestId);

    public Task<StartedWorker> StartAsync(string? crashAt) =>
        worker.StartAsync([.. IMakingWorker.Patience, new(WorkerUnderTest.CrashAt, crashAt)]);

    public Task<object?> QueryAsync(string sql) => worker.QueryAsync(sql);
}

internal sealed class EmbeddedMakingWorker : IMakingWorker, IAsyncDisposable
{
    private readonly EmptyFolder _folder;
    private readonly ServiceProvider _services;

    public EmbeddedMakingWorker(EmptyFolder folder, ZpkSimulatorServer zpk)
    {
        (_folder, Zpk) = (folder, zpk);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddStorage(null, File);
        services.AddSingleton<EmbeddedCommands>();
        _services = services.BuildServiceProvider();
    }

    public string File => _folder.At("imageworker.db");

    public ZpkSimulatorServer Zpk { get; }

    public Task SendAsync(GenerateImages command) => AcceptAsync(command);

    // No command of the executable cancels what the file does not have yet.
    public Task CancelAsync(Guid requestId) => AcceptAsync(new CancelImages { RequestId = requestId });

    public async Task<StartedWorker> StartAsync(string? crashAt)
    {
        var worker = WorkerProgram.StartWorker(
            [.. WorkerUnderTest.QuickSettings(Zpk), .. IMakingWorker.Patience, new(WorkerUnderTest.CrashAt, crashAt)],
            _folder.FullName
        );
        await worker.ReadyAsync();
        return worker;
    }

    public Task<object?> QueryAsync(string sql) => SqliteFile.QueryAsync(File, sql);

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private Task AcceptAsync<T>(T command)
        where T : class =>
        _services.GetRequiredService<EmbeddedCommands>().AcceptAsync(command, TestContext.Current.CancellationToken);
}
