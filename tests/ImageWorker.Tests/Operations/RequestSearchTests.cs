using ImageWorker.Operations;
using ImageWorker.Requests;
using ImageWorker.Tests.Saga;

namespace ImageWorker.Tests.Operations;

public sealed class RequestSearchTests : IAsyncLifetime
{
    private WorkerUnderTest _worker = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _worker = await WorkerUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _worker.DisposeAsync();

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
        await _worker.LetAsync(await _worker.ReachAsync(Given.Initial), Happening.CommandOverBudget);
        await _worker.ReachAsync(Given.Closed);
        await _worker.ReachAsync(Given.Generating);
        await _worker.ReachAsync(Given.Withdrawn);

        var requests = await InAsync(new RequestSearch(state, outcome));

        Assert.Equal(found, string.Join(' ', requests.Select(request => request.State)));
    }

    [Fact]
    public async Task Open_ones_come_oldest_first_closed_ones_latest_first_and_none_past_the_limit()
    {
        List<Guid> ids = [];
        foreach (var given in new[] { Given.Closed, Given.Generating, Given.Closed, Given.Generating })
        {
            ids.Add((await _worker.ReachAsync(given)).Id);
            _worker.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var requests = await InAsync(new RequestSearch(Limit: 3));

        Assert.Equal([ids[1], ids[3], ids[2]], requests.Select(request => request.Id));
    }

    [Theory]
    [InlineData("acme", null, "high low")]
    [InlineData("default", null, "high normal")]
    [InlineData(null, RequestPriority.High, "high high")]
    [InlineData("acme", RequestPriority.Low, "low")]
    [InlineData("acme", RequestPriority.Normal, "")]
    public async Task Tenant_and_priority_narrow_it_down(string? tenant, RequestPriority? priority, string found)
    {
        foreach (var (of, word) in new[] { ("acme", "high"), ("acme", "low"), (null, "high"), (null, "normal") })
        {
            await _worker.HandleAsync(Happenings.Command() with { Tenant = of, Priority = word });
            _worker.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var requests = await InAsync(new RequestSearch(Tenant: tenant, Priority: priority));

        Assert.Equal(found, string.Join(' ', requests.Select(request => request.Priority)));
    }

    [Fact]
    public async Task Age_is_since_the_command()
    {
        var (old, _) = await _worker.ReachAsync(Given.Generating);
        _worker.Time.Advance(TimeSpan.FromHours(1));
        var (young, _) = await _worker.ReachAsync(Given.Generating);
        var between = _worker.Time.GetUtcNow() - TimeSpan.FromMinutes(30);

        Assert.Equal(old, Assert.Single(await InAsync(new RequestSearch(Until: between))).Id);
        Assert.Equal(young, Assert.Single(await InAsync(new RequestSearch(Since: between))).Id);
    }

    private Task<List<RequestSummary>> InAsync(RequestSearch search) =>
        _worker.InDatabaseAsync(db => search.FindAsync(db, Ct));
}
