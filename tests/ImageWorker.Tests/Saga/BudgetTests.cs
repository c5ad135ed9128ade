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

    [Theory]
    [InlineData("0.07599999999999999", "SubmitImages")]
    [InlineData("0.075999", "SubmitImages")]
    [InlineData("0.075998", "ImagesFailed")]
    public async Task A_budget_that_lost_its_last_digits_in_binary_numbers_is_kept(string maxCost, string says)
    {
        var handled = await worker.HandleAsync(Command() with { MaxCost = decimal.Parse(maxCost) });

        Assert.Equal(says, handled.Says);
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

    [Fact]
    public async Task Costs_too_large_to_add_up_are_unknown_and_the_images_stay()
    {
        const decimal Huge = 7e28m;
        var request = (await worker.HandleAsync(Command())).Request!;
        request = (await worker.HandleAsync(request.Accepted(worker, null, Running(0), Running(1)))).Request!;

        var closed = await worker.HandleAsync(
            request.Checked(worker, Generated(0) with { Cost = Huge }, Generated(1) with { Cost = Huge })
        );

        var ready = closed.Only<ImagesReady>();
        Assert.Null(ready.Cost.Total);
        Assert.Equal([Huge, Huge], ready.Images.Select(image => image.Cost));
    }
}
