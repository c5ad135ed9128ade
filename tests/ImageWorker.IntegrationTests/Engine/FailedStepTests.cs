using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Engine;

/// <summary>A step that fails, and would fail again, is told in the log once, and says which request it is about.</summary>
public sealed class FailedStepTests(SharedWorkerFixture own) : IClassFixture<SharedWorkerFixture>
{
    private readonly WorkerUnderTest _worker = own.Worker;
    private readonly int _linesBefore = own.Process.Lines.Count;

    [Theory]
    [InlineData("generate-images")]
    [InlineData("cancel-images")]
    public async Task A_commands_step_is_told_once_and_the_command_is_put_aside(string queue)
    {
        var command = WorkerUnderTest.Command("a red fox");
        await _worker.BreakStepsAsync($"NEW.id = '{command.RequestId}'");

        await (
            queue is "generate-images"
                ? _worker.Commands.SendAsync(command)
                : _worker.Commands.CancelAsync(command.RequestId)
        );

        var kept = Assert.Single(await _worker.Commands.TakePutAsideAsync(queue));
        await _worker.MendStepsAsync();
        Assert.Contains(BrokenSteps.Reason, kept.Reason(), StringComparison.Ordinal);
        Assert.Contains($"{command.RequestId}", kept.BodyText(), StringComparison.Ordinal);
        await AssertToldAsync(command, $"its command from {queue} failed and is put aside", times: 1);
        Assert.Equal(1, await _worker.CountBrokenStepsAsync());
        Assert.Empty(_worker.PaidFor(command).Submissions);
    }

    [Theory]
    [InlineData("Generating", "SubmitImages failed", "")]
    [InlineData("Closed", "CheckImages failed", "")]
    [InlineData("Closing", "its timer failed", "[seconds 60]", 1)]
    public async Task Any_other_step_is_told_once_an_occurrence(
        string state,
        string told,
        string markers,
        int timeoutSeconds = 1800
    )
    {
        var command = WorkerUnderTest.Command($"a red fox {markers}") with { TimeoutSeconds = timeoutSeconds };
        await _worker.BreakStepsAsync($"NEW.id = '{command.RequestId}' AND NEW.state = '{state}'");

        await _worker.Commands.SendAsync(command);

        await Eventually.HoldsAsync(async () => await _worker.CountBrokenStepsAsync() > 0);
        await _worker.MendStepsAsync();
        await AssertToldAsync(command, told, await _worker.CountBrokenStepsAsync());
        await _worker.NothingFaultedAsync();
    }

    /// <summary>Of all that failed since the test began, and until one more command was served.</summary>
    private async Task AssertToldAsync(GenerateImages command, string told, long times)
    {
        (await _worker.CloseAsync(WorkerUnderTest.Command("a blue fox"))).As<ImagesReady>();
        await Eventually.PassesAsync(() =>
        {
            var failures = own
                .Process.Lines.Skip(_linesBefore)
                .Where(line => line.Contains(" fail: ", StringComparison.Ordinal))
                .ToList();
            Assert.Equal(times, failures.Count);
            Assert.All(
                failures,
                line =>
                {
                    Assert.Contains($"Request {command.RequestId}: {told}", line, StringComparison.Ordinal);
                    Assert.Contains(BrokenSteps.Reason, line, StringComparison.Ordinal);
                }
            );
            return Task.CompletedTask;
        });
    }
}
