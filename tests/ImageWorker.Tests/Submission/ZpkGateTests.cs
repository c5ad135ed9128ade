using ImageWorker.Submission;
using ImageWorker.Zpk;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Submission;

public sealed class ZpkGateTests
{
    private readonly FakeTimeProvider time = new();

    [Theory]
    [InlineData(5, 5)]
    [InlineData(600, 600)]
    [InlineData(864_000, 600)]
    public void What_ZPK_asks_for_holds_for_ten_minutes_at_most(int asked, int held)
    {
        var gate = new ZpkGate(Options.Create(new SubmissionOptions()), time, NullLogger<ZpkGate>.Instance);

        gate.Note(new GenerateOutcome.Busy("busy", TimeSpan.FromSeconds(asked)));

        Assert.Equal(time.GetUtcNow() + TimeSpan.FromSeconds(held), gate.Closed?.Until);
        time.Advance(TimeSpan.FromSeconds(held));
        Assert.Null(gate.Closed);
    }
}
