using ImageWorker.Submission;
using ImageWorker.Zpk;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Tests.Submission;

public sealed class ZpkGateTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Theory]
    [InlineData(5, 5)]
    [InlineData(600, 600)]
    [InlineData(864_000, 600)]
    public void What_ZPK_asks_for_holds_for_ten_minutes_at_most(int asked, int held)
    {
        var gate = ActivatorUtilities.CreateInstance<ZpkGate>(worker.Services);

        gate.Note(new GenerateOutcome.Busy("busy", TimeSpan.FromSeconds(asked)));

        Assert.Equal(worker.Time.GetUtcNow() + TimeSpan.FromSeconds(held), gate.Closed?.Until);
        worker.Time.Advance(TimeSpan.FromSeconds(held));
        Assert.Null(gate.Closed);
    }
}
