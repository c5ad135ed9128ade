using ImageWorker.Operations.History;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Tests.Saga;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Tests.Operations;

public sealed class HistoryTests : IAsyncLifetime
{
    private WorkerUnderTest _worker = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _worker = await WorkerUnderTest.StartAsync();
        RecorderOf(_worker);
    }

    public ValueTask DisposeAsync() => _worker.DisposeAsync();

    [Fact]
    public async Task What_was_closed_is_in_the_point_of_its_minute()
    {
        await CloseAsync(_worker);
        var at = _worker.Time.GetUtcNow();
        _worker.Time.Advance(TimeSpan.FromMinutes(2));
        await CloseAsync(_worker);

        var history = await ReadAsync(HistorySpan.Hour);

        Assert.Equal(60, history.Points.Count);
        Assert.Equal(
            [1, 1],
            history.Points.Where(point => point.Closed.Count > 0).Select(point => point.Closed[RequestOutcome.Ready])
        );
        var first = history.Points.First(point => point.Closed.Count > 0);
        Assert.Equal(HistorySpan.Hour.BeginningOf(at), first.At);
        Assert.Equal(0.076m, first.CostByModel["zpk-ultra"]);
    }

    [Fact]
    public async Task Workers_add_up()
    {
        await using var other = await WorkerUnderTest.StartAsync(other: _worker);
        RecorderOf(other);
        await CloseAsync(_worker);
        await CloseAsync(other);

        var history = await ReadAsync(HistorySpan.Month);

        Assert.Equal(2, history.Points[^1].Closed[RequestOutcome.Ready]);
    }

    [Fact]
    public async Task What_no_plot_shows_any_more_is_removed()
    {
        await CloseAsync(_worker);
        _worker.Time.Advance(TimeSpan.FromDays(2));

        await RecorderOf(_worker).WriteAsync(Ct);

        var spans = await _worker.InDatabaseAsync(db => db.History.Select(row => row.Span).ToListAsync(Ct));
        Assert.Equal([HistorySpan.Month], spans);
    }

    [Fact]
    public void A_percentile_is_within_seven_percent()
    {
        var counts = new HistoryCounts();
        for (var second = 1; second <= 100; second++)
            counts.AddDuration(second);

        Assert.InRange(counts.Percentile(0.5)!.Value, 50 * 0.93, 50 * 1.07);
        Assert.InRange(counts.Percentile(0.95)!.Value, 95 * 0.93, 95 * 1.07);
        Assert.Null(new HistoryCounts().Percentile(0.5));
    }

    private static async Task CloseAsync(WorkerUnderTest worker)
    {
        await worker.ReachAsync(Given.Closed);
        await RecorderOf(worker).WriteAsync(Ct);
    }

    private Task<HistoryAnswer> ReadAsync(HistorySpan span) =>
        _worker.Services.GetRequiredService<HistoryReader>().ReadAsync(span);

    private static HistoryRecorder RecorderOf(WorkerUnderTest worker) =>
        worker.Services.GetRequiredService<HistoryRecorder>();
}
