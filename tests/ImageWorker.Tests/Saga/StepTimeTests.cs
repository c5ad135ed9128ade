using ImageWorker.Requests;

namespace ImageWorker.Tests.Saga;

/// <summary>A step goes by one time, however the clock moves while it runs.</summary>
public sealed class StepTimeTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Theory]
    [InlineData(Given.Generating, 0)]
    [InlineData(Given.Generating, 1)]
    [InlineData(Given.Generating, 2)]
    [InlineData(Given.Generating, 3)]
    [InlineData(Given.Generating, 4)]
    [InlineData(Given.Submitting, 1)]
    [InlineData(Given.Submitting, 2)]
    [InlineData(Given.LastCheck, 1)]
    [InlineData(Given.LastCheck, 2)]
    [InlineData(Given.LastCheck, 3)]
    public async Task A_tick_leads_to_a_step_though_the_end_comes_between_two_looks_at_the_clock(
        Given given,
        int secondsBefore
    )
    {
        var request = (await worker.ReachAsync(given)).Request!;
        var end = request.CloseBy ?? request.Deadline;
        worker.Time.SetUtcNow(end - TimeSpan.FromSeconds(secondsBefore));

        worker.Time.AutoAdvanceAmount = TimeSpan.FromSeconds(1);
        var ticked = await worker.HandleAsync(new RequestTick(request.CorrelationId, request.Version));
        worker.Time.AutoAdvanceAmount = TimeSpan.Zero;

        var hasStep = ticked.Work.Count > 0 || ticked.Events.Count > 0 || ticked.Request!.Version > request.Version;
        Assert.True(
            hasStep,
            $"nothing followed, and the request is {ticked.State} at version {ticked.Request!.Version}"
        );
    }
}
