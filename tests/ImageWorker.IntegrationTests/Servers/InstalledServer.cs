using System.Diagnostics;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>A server installed on this machine, started for the tests on free loopback ports in a temporary folder.</summary>
internal abstract class InstalledServer : IServer
{
    // 5 s as a rule; 30 s were seen on a busy machine.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private ChildProcess? _process;

    public abstract string ConnectionString { get; }

    public bool HasEnded => Running.HasExited;

    protected Leash Leash { get; } = new();

    protected abstract ProcessSignal OrderlyEnd { get; }

    public async Task StartAsync()
    {
        await PrepareAsync();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        var starting = Stopwatch.StartNew();
        _process = Launch();
        while (!await AnswersAsync())
        {
            if (_process.HasExited && LeftoverIsGoing(_process.Tail))
            {
                _process = Launch();
            }

            if (_process.HasExited || starting.Elapsed > Patience)
            {
                var state = _process.HasExited ? "ended while starting" : $"serves nobody after {Patience}";
                throw new InvalidOperationException($"{_process} {state}:\n{_process.Tail}");
            }

            await Eventually.PauseAsync();
        }
    }

    public async Task StopAsync()
    {
        Running.Signal(OrderlyEnd);
        await Running.WaitForExitAsync(Patience);
    }

    public Task KillAsync() => Running.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await Leash.DisposeAsync();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }

    /// <summary>Lays out the folder before the first start; later ones find it done.</summary>
    protected abstract Task PrepareAsync();

    protected abstract ChildProcess Launch();

    protected abstract Task<bool> AnswersAsync();

    /// <summary>Whether this output of a start that failed only says that a part of the killed server is still going.</summary>
    protected virtual bool LeftoverIsGoing(string output) => false;

    private ChildProcess Running => _process ?? throw new InvalidOperationException("The server was never started.");
}
