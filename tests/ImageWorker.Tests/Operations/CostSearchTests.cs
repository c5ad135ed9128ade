using ImageWorker.Operations;
using ImageWorker.Requests;
using ImageWorker.Tests.Saga;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Operations;

public sealed class CostSearchTests : IAsyncLifetime
{
    private WorkerUnderTest _worker = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _worker = await WorkerUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _worker.DisposeAsync();

    [Fact]
    public async Task A_resend_is_counted_as_wasted_where_its_first_attempt_has_a_cost()
    {
        await CloseWithResendAsync();

        var sum = await SumAsync();

        Assert.Equal((1, 2, 0.1141m, 0.0381m, 0), (sum.Requests, sum.Images, sum.Cost, sum.Wasted, sum.Unknown));
    }

    [Fact]
    public async Task What_is_published_again_or_answered_late_is_not_counted_again()
    {
        var request = await CloseWithResendAsync();
        var before = await SumAsync();

        await _worker.HandleAsync(request.Command!);
        await _worker.HandleAsync(request.Accepted(_worker, 9m, Generated(0)));

        Assert.Equal(before, await SumAsync());
    }

    [Fact]
    public async Task A_call_of_which_nothing_is_known_makes_a_sum_unknown_and_costs_nothing_that_was_stated()
    {
        var (id, request) = await _worker.ReachAsync(Given.InDoubt);
        await _worker.HandleAsync(new ImageWorker.Contracts.CancelImages { RequestId = id });
        _worker.Time.Advance(TimeSpan.FromHours(1));
        var closed = await _worker.TickAsync(id, TimeSpan.Zero);

        Assert.Equal(RequestStates.Closed, closed.State);
        Assert.Single(request!.Submissions);
        var sum = Assert.Single(await FindAsync("outcome"));
        Assert.Equal(("Cancelled", 1, 0m, 1), (sum.Outcome, sum.Requests, sum.Cost, sum.Unknown));
    }

    [Fact]
    public async Task Sums_are_told_apart_by_what_is_asked_for_and_outlive_the_requests()
    {
        foreach (var (tenant, quality) in new[] { ("acme", "hq"), ("acme", "standard"), (null, "standard") })
            await CloseAsync(Command(count: 1) with { Tenant = tenant, Quality = quality });
        _worker.Time.Advance(TimeSpan.FromDays(1));
        await CloseAsync(Command(count: 1) with { Tenant = "acme" });
        await _worker.InDatabaseAsync(db =>
            db.RemoveClosedAsync(_worker.Time.GetUtcNow().AddDays(1), _worker.Time.GetUtcNow(), 10, Ct)
        );

        var search = Search("tenant,day");
        var rows = await FindAsync("tenant,day");

        Assert.Equal(
            """
            day,tenant,requests,images,cost,wasted,unknown
            2026-03-01,acme,2,2,0.0760,0.0000,0
            2026-03-01,default,1,1,0.0380,0.0000,0
            2026-03-02,acme,1,1,0.0380,0.0000,0

            """,
            search.Csv(rows)
        );
        Assert.Equal("hq standard", string.Join(' ', (await FindAsync("quality")).Select(row => row.Quality)));
        Assert.Equal(4, Assert.Single(await FindAsync("model")).Requests);
        Assert.Equal(4, (await SumAsync()).Requests);
        Assert.Equal(1, Assert.Single(await FindAsync("", since: TimeSpan.FromHours(1))).Requests);
    }

    [Fact]
    public async Task Where_nothing_was_closed_there_is_one_sum_of_nothing_and_no_row_for_a_tenant()
    {
        Assert.Equal((0, 0m), ((await SumAsync()).Requests, (await SumAsync()).Cost));
        Assert.Empty(await FindAsync("tenant"));
    }

    [Theory]
    [InlineData("tenant, model", "model tenant")]
    [InlineData("DAY", "day")]
    [InlineData("", "")]
    [InlineData("cost", null)]
    [InlineData("tenant;model", null)]
    public void What_they_are_told_apart_by_is_a_list_of_columns(string text, string? columns) =>
        Assert.Equal(columns, CostSearch.ParseBy(text) is { } by ? string.Join(' ', by) : null);

    private async Task<ImageRequest> CloseWithResendAsync()
    {
        var request = (await _worker.HandleAsync(Command(count: 2))).Request!;
        request = (await _worker.HandleAsync(request.Accepted(_worker, 0.0760m, Running(0), Running(1)))).Request!;
        var failed = request.Checked(_worker, Generated(0, cost: 0.0379m), Failed(1, cost: 0.0381m));
        request = (await _worker.HandleAsync(failed)).Request!;
        request = (await _worker.TickWhenDueAsync(request)).Request!;
        request = (await _worker.HandleAsync(request.Accepted(_worker, 0.0381m, Running(0)))).Request!;
        _worker.Time.Advance(TimeSpan.FromSeconds(5));
        return (await _worker.HandleAsync(request.Checked(_worker, Generated(0)))).Request!;
    }

    private async Task CloseAsync(ImageWorker.Contracts.GenerateImages command)
    {
        var request = (await _worker.HandleAsync(command)).Request!;
        request = (await _worker.HandleAsync(request.Accepted(_worker, 0.0380m, Running(0)))).Request!;
        await _worker.HandleAsync(request.Checked(_worker, Generated(0)));
    }

    private static CostSearch Search(string by) => new(new(2026, 1, 1), CostSearch.ParseBy(by)!);

    private async Task<CostSums> SumAsync() => Assert.Single(await FindAsync(""));

    private Task<List<CostSums>> FindAsync(string by, TimeSpan? since = null)
    {
        var search = since is { } age
            ? CostSearch.Last(age, CostSearch.ParseBy(by)!, _worker.Time.GetUtcNow())
            : Search(by);
        return _worker.InDatabaseAsync(db => search.FindAsync(db, Ct));
    }
}
