using ImageWorker.Contracts;
using ImageWorker.Requests;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Saga;

public sealed class BudgetTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Fact]
    public async Task A_command_above_its_budget_is_closed_before_anything_is_paid()
    {
        var closed = await worker.HandleAsync(Command() with { MaxCost = 0.0759m });

        var failed = closed.Only<ImagesFailed>();
        Assert.Equal(FailureReason.BudgetExceeded, failed.Reason);
        Assert.Equal((0m, 0.0760m), (failed.Cost.Total, failed.Cost.Estimated));
        Assert.Empty(failed.Cost.Submissions);
        Assert.All(failed.Images, image => Assert.Equal(("BUDGET_EXCEEDED", 0), (image.ErrorId, image.Attempts)));
        var error = Assert.Single(failed.Errors);
        Assert.Equal(("BUDGET_EXCEEDED", "maxCost"), (error.Id, error.On));
        Assert.Equal("maxCost is 0.0759 EUR, the estimate is 0.0760 EUR", error.Message);
    }

    [Fact]
    public async Task A_command_at_its_budget_is_submitted()
    {
        var started = await worker.HandleAsync(Command() with { MaxCost = 0.0760m });

        Assert.Equal(2, started.Only<SubmitImages>().Count);
    }

    [Fact]
    public async Task The_guard_counts_towards_the_estimate()
    {
        var closed = await worker.HandleAsync(Command() with { MaxCost = 0.0760m, UniqueGuard = true });

        Assert.Equal(0.0820m, closed.Only<ImagesFailed>().Cost.Estimated);
    }

    [Theory]
    [InlineData("0.1139", "ImagesReady")]
    [InlineData("0.1140", "SubmitImages")]
    public async Task A_resend_stays_within_the_budget(string maxCost, string says)
    {
        var request = (await worker.HandleAsync(Command() with { MaxCost = decimal.Parse(maxCost) })).Request!;
        request = (await worker.HandleAsync(request.Accepted(worker, 0.0760m, Running(0), Running(1)))).Request!;
        request = (await worker.HandleAsync(request.Checked(worker, Generated(0), Failed(1)))).Request!;

        var due = await worker.TickWhenDueAsync(request);

        Assert.Equal(says, due.Says);
        Assert.All(due.All<ImagesReady>(), ready => Assert.Equal("BUDGET_EXCEEDED", ready.Images[1].ErrorId));
    }

    [Fact]
    public async Task A_cost_that_zpk_did_not_state_counts_by_the_price_table()
    {
        var request = (await worker.HandleAsync(Command() with { MaxCost = 0.1139m })).Request!;
        request = (await worker.HandleAsync(request.Accepted(worker, null, Running(0), Running(1)))).Request!;
        request = (await worker.HandleAsync(request.Checked(worker, Generated(0), Failed(1)))).Request!;

        var closed = await worker.TickWhenDueAsync(request);

        var ready = closed.Only<ImagesReady>();
        Assert.Equal("BUDGET_EXCEEDED", ready.Images[1].ErrorId);
        Assert.Null(ready.Cost.Total);
        Assert.Equal(0.0760m, ready.Cost.Estimated);
    }
}
