using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Engine;

/// <summary>A worker with requests of somebody else: nothing of them changes by itself while the tests run.</summary>
public sealed class OthersRequests(TestServers servers) : IAsyncLifetime
{
    private WorkerUnderTest? _worker;
    private StartedWorker? _started;

    public WorkerUnderTest Worker => _worker ?? throw new InvalidOperationException("The worker is not started.");

    public ChildProcess Process =>
        _started?.Process ?? throw new InvalidOperationException("The worker is not started.");

    /// <summary>Its paid call is under way.</summary>
    public GenerateImages Waiting { get; } = WorkerUnderTest.Command("a red fox [latency generate 500]");

    /// <summary>It is accepted and paid, and has no picture yet.</summary>
    public GenerateImages Generating { get; } = WorkerUnderTest.Command("a blue fox [seconds 600]");

    /// <summary>It has its picture.</summary>
    public GenerateImages Closed { get; } = WorkerUnderTest.Command("a white fox");

    public IReadOnlyList<GenerateImages> All => [Waiting, Generating, Closed];

    public async ValueTask InitializeAsync()
    {
        _worker = await WorkerUnderTest.CreateAsync(servers);
        _started = await _worker.StartAsync(
            new("Zpk__GenerateTimeout", "00:10:00"),
            new("Requests__ClosingGrace", "00:20:00")
        );
        (await _worker.CloseAsync(Closed)).As<ImagesReady>();
        await _worker.Commands.SendAsync(Generating);
        await Eventually.PassesAsync(async () => Assert.Equal("Generating", await StateOfAsync(Generating)));
        var calls = _worker.Zpk.ReadLedger().Server.GenerateCalls;
        await _worker.Commands.SendAsync(Waiting);
        await Eventually.HoldsAsync(() => _worker.Zpk.ReadLedger().Server.GenerateCalls > calls);
        Assert.Equal("Submitting", await StateOfAsync(Waiting));
    }

    public async ValueTask DisposeAsync()
    {
        if (_started is not null)
        {
            await _started.DisposeAsync();
        }

        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }
    }

    /// <summary>What is stored of them, and the events that were published.</summary>
    public async Task<IReadOnlyList<string>> LookAsync()
    {
        await Worker.SettledAsync();
        var all = new List<string>();
        foreach (var request in All)
        {
            var events = Worker.Events.EventsOf(request.RequestId).Select(e => $"{e.MessageId} {e.Name} {e.Message}");
            all.Add($"{await RowAsync(request)} {string.Join(' ', events)}");
        }

        return all;
    }

    /// <summary>The request's row and its ledger, to the last digit.</summary>
    public async Task<string> RowAsync(GenerateImages request) =>
        (string)
            (
                await Worker.QueryAsync(
                    $"""
                    SELECT row_to_json(requests)::text ||
                      (SELECT json_agg(submissions ORDER BY id)::text FROM submissions WHERE request_id = requests.id)
                    FROM requests WHERE id = '{request.RequestId}'
                    """
                )
            )!;

    /// <summary>A stranger's forgery for one of them.</summary>
    internal async Task<Forgery> ForgeryForAsync(GenerateImages victim)
    {
        var id = victim.RequestId;
        return new(
            victim,
            (string)(await Worker.QueryAsync($"SELECT id FROM submissions WHERE request_id = '{id}'"))!,
            (int)(await Worker.QueryAsync($"SELECT version FROM requests WHERE id = '{id}'"))!,
            new((DateTime)(await Worker.QueryAsync($"SELECT lease_until FROM submissions WHERE request_id = '{id}'"))!)
        );
    }

    /// <summary>Returns once each of the two queues has served one more command.</summary>
    public async Task ServedAsync()
    {
        var next = WorkerUnderTest.Command("a green fox");
        await Worker.Commands.CancelAsync(next.RequestId);
        await Eventually.PassesAsync(async () => Assert.Equal("Withdrawn", await StateOfAsync(next)));
        Assert.Equal(FailureReason.Cancelled, (await Worker.CloseAsync(next)).As<ImagesFailed>().Reason);
    }

    private async Task<string?> StateOfAsync(GenerateImages request) =>
        (string?)await Worker.QueryAsync($"SELECT state FROM requests WHERE id = '{request.RequestId}'");
}
