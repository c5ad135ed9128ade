using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Engine;

/// <summary>
/// A worker that is frozen, not dead, as by SIGSTOP, a paused container or a debugger: another one takes its work over, and
/// then it goes on.
/// </summary>
public sealed class FrozenTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private const int Requests = 60;

    /// <summary>Longer than a submission's lease here.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    private readonly WorkerUnderTest _worker = surroundings.Worker;

    [Theory]
    [InlineData("BeforeCall")]
    [InlineData("AfterCall")]
    [InlineData("BeforeCommit:2", Explicit = true)]
    [InlineData("AfterCommit:2", Explicit = true)]
    public async Task A_request_that_a_worker_froze_in_is_paid_once_and_closed_once(string where)
    {
        var command = WorkerUnderTest.Command("a red fox", count: 2);
        await using var frozen = await _worker.StartAsync(
            new KeyValuePair<string, string?>(WorkerUnderTest.FreezeAt, where)
        );
        await _worker.Commands.SendAsync(command);
        await Eventually.HoldsAsync(() => IsFrozen(frozen));

        await using (await _worker.StartAsync())
        {
            await Eventually.HoldsAsync(() => _worker.Events.ClosingsOf(command.RequestId).Count > 0);
            ProcessSignal.Continue.SendTo(frozen.Process.Id);
        }
        await GoesOnAsync(frozen);

        Assert.Equal(0.076m, (await _worker.ClosedOnceAsync(command)).As<ImagesReady>().Cost.Total);
        var totals = _worker.PaidFor(command).Totals;
        Assert.Equal((1, 2, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
    }

    [Fact]
    public async Task A_worker_that_freezes_at_any_moment_pays_and_closes_nothing_twice_when_it_goes_on()
    {
        await using var one = await _worker.StartAsync();
        await using var other = await _worker.StartAsync();
        var commands = Enumerable.Range(0, Requests).Select(n => WorkerUnderTest.Command($"fox {n}")).ToList();
        await Task.WhenAll(commands.Select(command => _worker.Commands.SendAsync(command)));

        await Eventually.HoldsAsync(() =>
            commands.Sum(command => _worker.PaidFor(command).Totals.Submissions) >= Requests / 3
        );
        ProcessSignal.Stop.SendTo(one.Process.Id);
        await Task.Delay(Long, TestContext.Current.CancellationToken);
        ProcessSignal.Continue.SendTo(one.Process.Id);

        Assert.All(await Task.WhenAll(commands.Select(_worker.ClosedOnceAsync)), closed => closed.As<ImagesReady>());
        Assert.All(
            commands.Select(command => _worker.PaidFor(command).Totals),
            totals => Assert.Equal((1, 1, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds))
        );
        await GoesOnAsync(one);
    }

    /// <summary>It is ready, and alone it closes another request.</summary>
    private async Task GoesOnAsync(StartedWorker worker)
    {
        await worker.ReadyAsync();
        (await _worker.CloseAsync(WorkerUnderTest.Command("a fox that goes on"))).As<ImagesReady>();
    }

    /// <summary>The third field of its status: T for stopped. The second one is its name in brackets.</summary>
    private static bool IsFrozen(StartedWorker worker) =>
        File.ReadAllText($"/proc/{worker.Process.Id}/stat").Split(") ")[^1].StartsWith('T');
}
