using System.Diagnostics;
using System.Net;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Engine;

public sealed class ZpkOutageTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private const int Requests = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly KeyValuePair<string, string?>[] QuickCircuit =
    [
        new("Zpk__BreakerMinimumCalls", "2"),
        new("Zpk__BreakerPause", $"{Pause}"),
    ];

    private readonly WorkerUnderTest _worker = surroundings.Worker;

    private long Calls => _worker.Zpk.ReadLedger().Server is var server ? server.GenerateCalls + server.CheckCalls : 0;

    [Fact]
    public async Task While_ZPK_is_down_requests_wait_in_the_database_and_few_calls_are_made()
    {
        _worker.Zpk.SetFaults("http-503 before");
        IReadOnlyList<GenerateImages> commands;
        await using (var dying = await _worker.StartAsync(QuickCircuit))
        {
            commands = await _worker.SendManyAsync(Requests);
            var ids = string.Join(',', commands.Select(command => $"'{command.RequestId}'"));
            await Eventually.PassesAsync(async () =>
                Assert.Equal(
                    (long)Requests,
                    await _worker.QueryAsync($"SELECT count(*) FROM requests WHERE id IN ({ids})")
                )
            );
            await Eventually.HoldsAsync(() => Calls >= 2);
            await dying.Process.KillAsync();
        }

        await using var worker = await _worker.StartAsync(QuickCircuit);
        await Eventually.HoldsAsync(() => Calls >= 2);
        // All may be under way when the circuit opens; from then on it is one call a pause. Each on its own would make
        // as many within a second.
        const int More = Requests + 4;
        var (before, watch) = (Calls, Stopwatch.StartNew());
        await Eventually.HoldsAsync(() => Calls >= before + More);
        Assert.True(watch.Elapsed >= 2 * Pause, $"{More} calls within {watch.Elapsed}");
        Assert.Equal(HttpStatusCode.OK, (await worker.GetAsync("/health/live")).Status);
        await Eventually.HoldsAsync(async () => await _worker.Commands.CountAsync("generate-images") == 0);
        _worker.Zpk.SetFaults();

        foreach (var command in commands)
        {
            (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
            var totals = _worker.PaidFor(command).Totals;
            Assert.Equal((1, 1, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
        }
    }
}
