using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.ZpkSimulator;

namespace ImageWorker.Benchmarks.Load;

/// <summary><c>idle</c>: what a worker takes to start, and what it takes while nothing is to be done.</summary>
public static class IdleCommand
{
    /// <summary>Until compilation in the background is over: it takes what ran 30 times, and the searches run once a second.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(40);

    public static Command Create()
    {
        var starts = new Option<int>("--starts")
        {
            Description = "How often it is started.",
            DefaultValueFactory = _ => 5,
        };
        var seconds = new Option<double>("--seconds")
        {
            Description = "How long it is then watched.",
            DefaultValueFactory = _ => 30,
        };
        var program = LoadCommand.Program();
        var command = new Command("idle", "Measure start and idling.") { starts, seconds, program };
        command.SetAction(
            async (parsed, ct) =>
            {
                var report = await MeasureAsync(
                    parsed.GetValue(starts),
                    TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                    parsed.GetValue(program),
                    ct
                );
                Console.WriteLine(JsonSerializer.Serialize(report, JsonSerializerOptions.Web));
                return 0;
            }
        );
        return command;
    }

    private static async Task<IdleReport> MeasureAsync(
        int starts,
        TimeSpan watch,
        string? program,
        CancellationToken ct
    )
    {
        await using var servers = new BenchmarkServers();
        await servers.InitializeAsync();
        var postgres = await servers.CreateDatabaseAsync("idle");
        await using var simulator = await ZpkSimulatorServer.StartAsync(new(), ct);
        var address = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}");
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_URLS"] = address.ToString(),
        };
        using var workers = new WorkerFleet(
            await servers.CreateVirtualHostAsync("idle"),
            postgres,
            simulator.BaseAddress,
            settings,
            program
        );
        await workers.MigrateAsync(ct);

        var ready = new List<double>();
        for (var i = 0; i < starts; i++)
        {
            await workers.StopAsync();
            var start = Stopwatch.GetTimestamp();
            workers.Begin();
            await ReadyAsync(address, ct);
            ready.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        workers.ForgetCpu();
        await Task.Delay(Settling, ct);
        var settling = workers.CpuSeconds() / Settling.TotalSeconds * 100;
        var before = await DatabaseCounts.ReadAsync(postgres, ct);
        workers.ForgetCpu();
        var watched = Stopwatch.GetTimestamp();
        await Task.Delay(watch, ct);
        var cpu = workers.CpuSeconds();
        var elapsed = Stopwatch.GetElapsedTime(watched).TotalSeconds;
        var after = await DatabaseCounts.ReadAsync(postgres, ct);
        return new(
            [.. ready.Order()],
            settling,
            cpu / elapsed * 100,
            (after.Transactions - before.Transactions) / elapsed,
            workers.MiB()
        );
    }

    private static async Task ReadyAsync(Uri address, CancellationToken ct)
    {
        using var handler = new SocketsHttpHandler();
        using var http = new HttpMessageInvoker(handler);
        var waited = Stopwatch.StartNew();
        while (!await IsReadyAsync(http, address, ct))
        {
            if (waited.Elapsed > Eventually.DefaultTimeout)
                throw new TimeoutException("The worker was not ready in time.");
            await Task.Delay(5, ct);
        }
    }

    private static async Task<bool> IsReadyAsync(HttpMessageInvoker http, Uri address, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "health/ready"));
        try
        {
            using var response = await http.SendAsync(request, ct);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Seconds, and shares of one core.</summary>
    /// <param name="ReadySeconds">From the process's start to a readiness that says yes, ascending.</param>
    /// <param name="SettlingCpuPercent">Of one core, in the first 40 s.</param>
    /// <param name="CpuPercent">Of one core, after them.</param>
    /// <param name="TransactionsPerSecond">Of the database; an idle worker's queries are one each.</param>
    /// <param name="ResidentMiB">At the end.</param>
    private sealed record IdleReport(
        IReadOnlyList<double> ReadySeconds,
        double SettlingCpuPercent,
        double CpuPercent,
        double TransactionsPerSecond,
        double ResidentMiB
    );
}
