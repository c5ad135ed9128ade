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

        gate.Note(new CheckOutcome.Unavailable("down", TimeSpan.FromSeconds(asked)));

        Assert.Equal(worker.Time.GetUtcNow() + TimeSpan.FromSeconds(held), gate.Closed?.Until);
        worker.Time.Advance(TimeSpan.FromSeconds(held));
        Assert.Null(gate.Closed);
    }

    [Fact]
    public void After_a_pause_one_call_tries_and_what_ZPK_answers_ends_the_trial()
    {
        var gate = ActivatorUtilities.CreateInstance<ZpkGate>(worker.Services);

        gate.Note(new GenerateOutcome.Busy("the circuit is open", TimeSpan.FromSeconds(15)) { IsHeldBack = true });
        worker.Time.Advance(TimeSpan.FromSeconds(15));
        var after = (gate.Closed, gate.IsOnTrial, gate.HeldBackUntil > worker.Time.GetUtcNow());
        gate.Note(new CheckOutcome.NotFound());

        Assert.Equal((null, true, true), after);
        Assert.Equal((false, (DateTimeOffset?)null), (gate.IsOnTrial, gate.HeldBackUntil));
    }

    [Fact]
    public void A_limit_of_calls_closes_no_gate()
    {
        var gate = ActivatorUtilities.CreateInstance<ZpkGate>(worker.Services);

        gate.Note(new GenerateOutcome.Busy("HTTP 429", TimeSpan.FromSeconds(15)) { IsRateLimited = true });
        gate.Note(new CheckOutcome.Unavailable("HTTP 429", TimeSpan.FromSeconds(15)) { IsRateLimited = true });

        Assert.Null(gate.ClosedForPaying);
    }
}
