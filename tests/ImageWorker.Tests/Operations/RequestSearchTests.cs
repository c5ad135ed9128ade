using ImageWorker.Operations;
using ImageWorker.Tests.Saga;

namespace ImageWorker.Tests.Operations;

public sealed class RequestSearchTests : IAsyncLifetime
{
    private WorkerUnderTest worker = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => worker = await WorkerUnderTest.Start();

    public ValueTask DisposeAsync() => worker.DisposeAsync();

    [Theory]
    [InlineData(null, null, "Generating Withdrawn Closed Closed")]
    [InlineData("open", null, "Generating")]
    [InlineData("GENERATING", null, "Generating")]
    [InlineData("Submitting", null, "")]
    [InlineData("withdrawn", null, "Withdrawn")]
    [InlineData("closed", null, "Closed Closed")]
    [InlineData(null, "ready", "Closed")]
    [InlineData(null, "budgetexceeded", "Closed")]
    [InlineData(null, "Cancelled", "")]
    [InlineData("open", "ready", "")]
    public async Task State_and_outcome_narrow_it_down(string? state, string? outcome, string found)
    {
        await worker.Let(await worker.Reach(Given.Initial), Happening.CommandOverBudget);
        await worker.Reach(Given.Closed);
        await worker.Reach(Given.Generating);
        await worker.Reach(Given.Withdrawn);

        var requests = await In(new RequestSearch(state, outcome));

        Assert.Equal(found, string.Join(' ', requests.Select(request => request.State)));
    }

    [Fact]
    public async Task Open_ones_come_oldest_first_closed_ones_latest_first_and_none_past_the_limit()
    {
        List<Guid> ids = [];
        foreach (var given in new[] { Given.Closed, Given.Generating, Given.Closed, Given.Generating })
        {
            ids.Add((await worker.Reach(given)).Id);
            worker.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var requests = await In(new RequestSearch(Limit: 3));

        Assert.Equal([ids[1], ids[3], ids[2]], requests.Select(request => request.Id));
    }

    [Fact]
    public async Task Age_is_since_the_command()
    {
        var (old, _) = await worker.Reach(Given.Generating);
        worker.Time.Advance(TimeSpan.FromHours(1));
        var (young, _) = await worker.Reach(Given.Generating);
        var between = worker.Time.GetUtcNow() - TimeSpan.FromMinutes(30);

        Assert.Equal(old, Assert.Single(await In(new RequestSearch(Until: between))).Id);
        Assert.Equal(young, Assert.Single(await In(new RequestSearch(Since: between))).Id);
    }

    private Task<List<RequestSummary>> In(RequestSearch search) => worker.InDatabase(db => search.In(db, Ct));
}
