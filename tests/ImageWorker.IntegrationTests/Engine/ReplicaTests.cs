using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Engine;

public sealed class ReplicaTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private const int Requests = 60;

    private readonly WorkerUnderTest _worker = surroundings.Worker;

    [Fact]
    public async Task Two_replicas_share_the_work_and_pay_and_close_each_request_once()
    {
        await using var one = await _worker.StartAsync();
        await using var other = await _worker.StartAsync();
        var commands = await SendAllAsync();

        await AssertEachOnceAsync(commands);

        await one.Process.WaitForLineAsync(Works);
        await other.Process.WaitForLineAsync(Works);
    }

    [Fact]
    public async Task A_replica_that_is_killed_leaves_its_requests_to_the_other_one()
    {
        await using var one = await _worker.StartAsync();
        await using var other = await _worker.StartAsync();
        var commands = await SendAllAsync();

        await Eventually.HoldsAsync(() =>
            commands.Sum(command => _worker.PaidFor(command).Totals.Submissions) >= Requests / 3
        );
        await one.Process.KillAsync();

        await AssertEachOnceAsync(commands);
    }

    private static bool Works(string line) => line.Contains(" closed: ", StringComparison.Ordinal);

    private async Task<IReadOnlyList<GenerateImages>> SendAllAsync()
    {
        var commands = Enumerable.Range(0, Requests).Select(n => WorkerUnderTest.Command($"fox {n}")).ToList();
        await Task.WhenAll(commands.Select(command => _worker.Commands.SendAsync(command)));
        return commands;
    }

    private async Task AssertEachOnceAsync(IReadOnlyList<GenerateImages> commands)
    {
        foreach (var command in commands)
        {
            (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        }

        var paid = commands.Select(command => _worker.PaidFor(command).Totals).ToList();
        Assert.All(
            paid,
            totals => Assert.Equal((1, 1, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds))
        );
        Assert.Equal(Requests * 0.038m, paid.Sum(totals => totals.Charged));
    }
}
