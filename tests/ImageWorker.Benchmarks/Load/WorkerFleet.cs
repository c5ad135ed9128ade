using System.Diagnostics;
using System.Text.RegularExpressions;
using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.Benchmarks.Load;

/// <summary>Worker processes of the same build as this program.</summary>
public sealed partial class WorkerFleet(
    string rabbitMq,
    string postgres,
    Uri zpk,
    IReadOnlyDictionary<string, string?> settings,
    string? program = null
) : IDisposable
{
    private readonly List<ChildProcess> _running = [];
    private readonly List<string> _lastWords = [];
    private double _forgottenCpu;

    private readonly string _dll = program ?? Path.Combine(AppContext.BaseDirectory, "ImageWorker.dll");

    private Dictionary<string, string?> Environment =>
        new(settings, StringComparer.Ordinal)
        {
            ["ConnectionStrings__RabbitMq"] = rabbitMq,
            ["ConnectionStrings__Postgres"] = postgres,
            ["Zpk__BaseAddress"] = zpk.ToString(),
            ["Zpk__ApplicationId"] = "load",
            ["Zpk__ApiKey"] = settings.GetValueOrDefault("Zpk__ApiKey") ?? "load-load",
            ["ASPNETCORE_URLS"] = settings.GetValueOrDefault("ASPNETCORE_URLS") ?? "http://127.0.0.1:0",
        };

    /// <summary>The workers that run.</summary>
    public int Count => _running.Count;

    /// <summary>All that every worker has written, those that were killed included.</summary>
    public IEnumerable<string> Lines => _lastWords.Concat(_running.SelectMany(worker => worker.Lines));

    /// <summary>Lines that tell of an error in the program, which no outage explains.</summary>
    public IEnumerable<string> OwnFaults => Lines.Where(line => OwnFault.IsMatch(line));

    [GeneratedRegex(
        @"\bSystem\.[\w.]*(SemaphoreFull|NullReference|IndexOutOfRange|ArgumentOutOfRange|ArgumentNull|InvalidCast|KeyNotFound)Exception",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex OwnFault { get; }

    public async Task MigrateAsync(CancellationToken ct)
    {
        await using var migrate = WorkerProcess.Start(_dll, ["migrate"], Environment);
        if (await migrate.WaitForExitAsync() != 0)
            throw new InvalidOperationException("The database could not be migrated.");
        ct.ThrowIfCancellationRequested();
    }

    /// <summary>Starts them together, and returns once all of them work.</summary>
    public async Task StartAsync(int count, CancellationToken ct)
    {
        var started = Enumerable.Range(0, count).Select(_ => Begin()).ToList();
        foreach (var worker in started)
        {
            await worker.WaitForLineAsync(line => line.Contains("Working:", StringComparison.Ordinal));
            ct.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Starts one, which need not be ready yet.</summary>
    /// <param name="ahead">How far its clock is ahead; negative for behind. Otherwise than zero it needs libfaketime.</param>
    public ChildProcess Begin(TimeSpan ahead = default)
    {
        var worker = WorkerProcess.Start(_dll, [], ahead == default ? Environment : [.. Environment, .. Clock(ahead)]);
        _running.Add(worker);
        return worker;
    }

    public async Task StopAsync()
    {
        foreach (var worker in _running)
            worker.Terminate();
        foreach (var worker in _running)
        {
            await worker.WaitForExitAsync();
            _lastWords.AddRange(worker.Lines);
            await worker.DisposeAsync();
        }
        _running.Clear();
    }

    /// <summary>Kills one with <c>kill -9</c> and starts another, which need not be ready yet.</summary>
    public async Task KillOneAsync(Random random, CancellationToken ct, TimeSpan ahead = default)
    {
        await KillAsync(_running[random.Next(_running.Count)]);
        ct.ThrowIfCancellationRequested();
        Begin(ahead);
    }

    /// <summary>Freezes one for a while.</summary>
    public async Task FreezeOneAsync(Random random, TimeSpan time, CancellationToken ct)
    {
        var frozen = _running[random.Next(_running.Count)];
        frozen.Signal(ProcessSignal.Stop);
        try
        {
            await Task.Delay(time, ct);
        }
        finally
        {
            frozen.Signal(ProcessSignal.Continue);
        }
    }

    /// <summary>Kills all of them with <c>kill -9</c>.</summary>
    public async Task KillAllAsync()
    {
        while (_running is [var victim, ..])
            await KillAsync(victim);
    }

    /// <summary>Leaves the CPU of the start out of the count.</summary>
    public void ForgetCpu() => _forgottenCpu = TotalCpu();

    public double CpuSeconds() => TotalCpu() - _forgottenCpu;

    /// <summary>The largest resident set of a worker so far.</summary>
    public double PeakMiB() =>
        _running.Select(worker => Of(worker, process => process.PeakWorkingSet64)).DefaultIfEmpty().Max()
        / 1024d
        / 1024d;

    /// <summary>The resident sets of all workers now.</summary>
    public double MiB() => _running.Sum(worker => Of(worker, process => process.WorkingSet64)) / 1024d / 1024d;

    public void Dispose()
    {
        foreach (var worker in _running)
            worker.DisposeAsync().AsTask().Wait();
    }

    private async Task KillAsync(ChildProcess victim)
    {
        _forgottenCpu -= CpuOf(victim);
        await victim.KillAsync();
        _running.Remove(victim);
        _lastWords.AddRange(victim.Lines);
        await victim.DisposeAsync();
    }

    private static IEnumerable<KeyValuePair<string, string?>> Clock(TimeSpan ahead) =>
        FakedTime.Ahead(ahead).Select(variable => KeyValuePair.Create(variable.Key, (string?)variable.Value));

    private double TotalCpu() => _running.Sum(CpuOf);

    private static double CpuOf(ChildProcess worker) => Of(worker, process => process.TotalProcessorTime.TotalSeconds);

    private static T Of<T>(ChildProcess worker, Func<Process, T> read)
    {
        if (worker.HasExited)
            throw new InvalidOperationException(
                $"{worker} ended by itself:\n{string.Join('\n', worker.Lines.TakeLast(20))}"
            );
        using var process = Process.GetProcessById(worker.Id);
        return read(process);
    }
}
