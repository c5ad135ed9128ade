using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Ledger;

namespace ImageWorker.IntegrationTests.Commands;

/// <summary>A folder for a worker that has nothing else, a simulator for the tests that watch the payments, and one command.</summary>
public abstract class EmbeddedWorker : IAsyncLifetime
{
    private ZpkSimulatorServer? _zpk;

    private protected EmptyFolder Folder { get; } = new();

    private protected Guid Id { get; } = Guid.NewGuid();

    private protected ZpkSimulatorServer Zpk => _zpk ?? throw new InvalidOperationException("It is not started.");

    private protected LedgerTotals Paid => Zpk.ReadLedger($"{Id:n}").Totals;

    public async ValueTask InitializeAsync() => _zpk = await WorkerUnderTest.StartZpkAsync();

    public async ValueTask DisposeAsync()
    {
        await Zpk.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected StartedWorker Run(string? crashAt = null) =>
        WorkerProgram.StartWorker(
            [.. WorkerUnderTest.QuickSettings(Zpk), new(WorkerUnderTest.CrashAt, crashAt)],
            Folder.FullName
        );

    /// <summary>Returns once the command is accepted; the process then waits for its end.</summary>
    private protected async Task<ChildProcess> SendAsync()
    {
        var send = WorkerProgram.Start(
            ["send", $"a red fox [tag {Id:n}]", "--request-id", $"{Id}"],
            WorkerUnderTest.QuickSettings(Zpk),
            Folder.FullName
        );
        await send.WaitForLineAsync(line => line.Contains("imageworker.db", StringComparison.Ordinal));
        return send;
    }
}
