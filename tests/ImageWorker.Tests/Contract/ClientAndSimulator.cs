using ImageWorker.Tests.Zpk;
using ImageWorker.Tests.ZpkSimulator;
using ImageWorker.Zpk;
using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Ledger;

namespace ImageWorker.Tests.Contract;

/// <summary>
/// The client and the stand-in server over loopback, on one clock that skips every pause. Deadlines are out of the
/// way, and every image takes 30 seconds unless the prompt says otherwise.
/// </summary>
internal sealed class ClientAndSimulator : IAsyncDisposable
{
    /// <summary>The id of every call that names no other.</summary>
    public const string Id = "contract1";

    private readonly ClientUnderTest _client;
    private readonly Simulator _simulator;

    private ClientAndSimulator(Simulator simulator, SkippingTime clock, Action<ZpkOptions>? configure)
    {
        _simulator = simulator;
        Clock = clock;
        _client = new ClientUnderTest(
            time: clock,
            configure: zpk =>
            {
                zpk.BaseAddress = simulator.Server.BaseAddress;
                zpk.GenerateTimeout = SkippingTime.Never;
                zpk.CheckTimeout = zpk.CheckTotalTimeout = zpk.DownloadTimeout = SkippingTime.Never;
                configure?.Invoke(zpk);
            }
        );
    }

    public ZpkImagesClient Zpk => _client.Zpk;

    public SkippingTime Clock { get; }

    public ZpkSimulatorServer Server => _simulator.Server;

    public LedgerReport Ledger => Server.ReadLedger();

    public long GenerateCalls => Ledger.Server.GenerateCalls;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<ClientAndSimulator> StartAsync(
        Action<SimulatorOptions>? simulator = null,
        Action<ZpkOptions>? client = null
    )
    {
        var clock = new SkippingTime();
        return new(await Simulator.StartAsync(simulator, clock), clock, client);
    }

    public Task<GenerateOutcome> GenerateAsync(string prompt, int num = 1, string? id = Id) =>
        Zpk.GenerateAsync(
            new()
            {
                Prompt = prompt,
                Num = num,
                UniqueRequestId = id,
            },
            Ct
        );

    public async Task<ZpkAnswer> AcceptedAsync(string prompt, int num = 1, string? id = Id) =>
        Assert.IsType<GenerateOutcome.Accepted>(await GenerateAsync(prompt, num, id)).Answer;

    public Task<CheckOutcome> CheckAsync(string id = Id) => Zpk.CheckStatusAsync(id, Ct);

    public async Task<ZpkAnswer> FoundAsync(string id = Id) =>
        Assert.IsType<CheckOutcome.Found>(await CheckAsync(id)).Answer;

    /// <summary>Waits until all is settled.</summary>
    public async Task<ZpkAnswer> CompletedAsync(ZpkAnswer accepted, string id = Id) =>
        Assert.IsType<CheckOutcome.Found>(await Zpk.WaitForCompletionAsync(id, accepted, null, Ct)).Answer;

    /// <summary>The one submission under this id.</summary>
    public LedgerEntry Entry(string id = Id) => _simulator.Entry(id);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _simulator.DisposeAsync();
    }
}
