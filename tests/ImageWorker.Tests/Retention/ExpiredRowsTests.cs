using ImageWorker.Retention;
using ImageWorker.Tests.Saga;
using Microsoft.EntityFrameworkCore;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Retention;

public sealed class ExpiredRowsTests : IAsyncLifetime
{
    private WorkerUnderTest _worker = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _worker = await WorkerUnderTest.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Retention:Batch"] = "2",
                ["Retention:Pause"] = "00:00:00",
                ["Retention:CancellationLimit"] = "4",
            }
        );

    public ValueTask DisposeAsync() => _worker.DisposeAsync();

    [Fact]
    public async Task A_closed_request_goes_with_its_ledger_rows_once_its_time_is_over_and_not_before()
    {
        var (id, _) = await _worker.ReachAsync(Given.Closed);
        await AddLedgerRowAsync("abc", id);
        await AddLedgerRowAsync("def", id);

        _worker.Time.Advance(TimeSpan.FromDays(30));
        var before = await RemoveAsync();
        _worker.Time.Advance(TimeSpan.FromSeconds(1));
        var after = await RemoveAsync();

        Assert.Equal((0, 1), (before.Requests, after.Requests));
        Assert.Null(await _worker.FindAsync(id));
        Assert.Equal(0, await _worker.InDatabaseAsync(db => db.Submissions.CountAsync(Ct)));
    }

    [Theory]
    [InlineData(Given.Submitting)]
    [InlineData(Given.Generating)]
    [InlineData(Given.WaitingToResend)]
    [InlineData(Given.Closing)]
    public async Task An_open_request_stays_however_old_it_is(Given given)
    {
        var (id, _) = await _worker.ReachAsync(given);
        await AddLedgerRowAsync("abc", id);

        _worker.Time.Advance(TimeSpan.FromDays(400));
        var removed = await RemoveAsync();

        Assert.Equal(0, removed.Requests);
        Assert.NotNull(await _worker.FindAsync(id));
        Assert.Equal(1, await _worker.InDatabaseAsync(db => db.Submissions.CountAsync(Ct)));
    }

    [Fact]
    public async Task A_cancellation_whose_command_never_came_goes_after_a_day()
    {
        var (id, _) = await _worker.ReachAsync(Given.Withdrawn);

        _worker.Time.Advance(TimeSpan.FromDays(1));
        var before = await RemoveCancellationsAsync();
        _worker.Time.Advance(TimeSpan.FromSeconds(1));
        var after = await RemoveCancellationsAsync();

        Assert.Equal((0, 1), (before, after));
        Assert.Null(await _worker.FindAsync(id));
    }

    [Fact]
    public async Task Of_more_cancellations_than_are_kept_the_oldest_go_and_requests_stay()
    {
        var kept = new List<Guid> { (await _worker.ReachAsync(Given.Generating)).Id };
        for (var i = 0; i < 9; i++)
        {
            var (id, _) = await _worker.ReachAsync(Given.Withdrawn);
            _worker.Time.Advance(TimeSpan.FromSeconds(1));
            if (i >= 5)
                kept.Add(id);
        }
        kept.Add((await _worker.ReachAsync(Given.Closed)).Id);

        var removed = await RemoveCancellationsAsync();

        Assert.Equal((5, 0), (removed, await RemoveCancellationsAsync()));
        var left = await _worker.InDatabaseAsync(db => db.Requests.Select(r => r.CorrelationId).ToListAsync(Ct));
        Assert.Equal(kept.Order(), left.Order());
    }

    [Fact]
    public async Task A_line_of_the_audit_stays_for_400_days_and_goes_then()
    {
        for (var i = 0; i < 3; i++)
            await AddAuditLineAsync("old");
        _worker.Time.Advance(TimeSpan.FromSeconds(1));
        await AddAuditLineAsync("kept");

        _worker.Time.Advance(TimeSpan.FromDays(400) - TimeSpan.FromSeconds(1));
        var before = await RemoveAuditAsync();
        _worker.Time.Advance(TimeSpan.FromSeconds(1));
        var after = await RemoveAuditAsync();

        Assert.Equal((0, 3), (before, after));
        Assert.Equal("kept", await _worker.InDatabaseAsync(db => db.Audit.Select(line => line.Action).SingleAsync(Ct)));
    }

    [Fact]
    public async Task More_than_a_batch_goes_batch_by_batch()
    {
        for (var i = 0; i < 5; i++)
            await _worker.ReachAsync(Given.Closed);
        _worker.Time.Advance(TimeSpan.FromDays(31));
        var (kept, _) = await _worker.ReachAsync(Given.Closed);

        var removed = await RemoveAsync();

        Assert.Equal((5, 0), removed);
        Assert.Equal(
            kept,
            await _worker.InDatabaseAsync(db => db.Requests.Select(r => r.CorrelationId).SingleAsync(Ct))
        );
    }

    [Fact]
    public async Task A_command_repeated_after_that_is_neither_paid_nor_answered_for_a_year_more()
    {
        var command = Command(count: 1);
        var request = (await _worker.HandleAsync(command)).Request!;
        request = (await _worker.HandleAsync(request.Accepted(_worker, 0.0380m, Running(0)))).Request!;
        await _worker.HandleAsync(request.Checked(_worker, Generated(0)));
        _worker.Time.Advance(TimeSpan.FromDays(31));
        await RemoveAsync();

        var late = await _worker.HandleAsync(command);
        _worker.Time.Advance(TimeSpan.FromDays(366));
        var forgotten = await RemoveAsync();
        var muchLater = await _worker.HandleAsync(command);

        Assert.Equal(("none", ""), (late.State, late.Says));
        Assert.Equal((0, 1), forgotten);
        Assert.Equal(("Submitting", "SubmitImages"), (muchLater.State, muchLater.Says));
    }

    [Fact]
    public async Task A_late_duplicate_does_not_hold_up_the_new_commands_that_come_with_it()
    {
        var (old, _) = await _worker.ReachAsync(Given.Closed);
        _worker.Time.Advance(TimeSpan.FromDays(31));
        await RemoveAsync();
        var commands = Enumerable.Range(0, 5).Select(_ => Command()).ToList();

        await Task.WhenAll(commands.Append(Command(old)).Select(c => _worker.ConsumeAsync(c, Guid.NewGuid())));

        Assert.Equal(5, _worker.TakeWork().Count);
        Assert.Null(await _worker.FindAsync(old));
    }

    private Task<(int Requests, int Known)> RemoveAsync() =>
        _worker.WithAsync<ExpiredRows, (int, int)>(rows => rows.RemoveAsync(Ct));

    private Task<int> RemoveCancellationsAsync() =>
        _worker.WithAsync<ExpiredRows, int>(rows => rows.RemoveCancellationsAsync(Ct));

    private Task<int> RemoveAuditAsync() => _worker.WithAsync<ExpiredRows, int>(rows => rows.RemoveAuditAsync(Ct));

    private Task<int> AddAuditLineAsync(string action) =>
        _worker.InDatabaseAsync(db =>
        {
            db.Audit.Add(
                new()
                {
                    Id = Guid.NewGuid(),
                    At = _worker.Time.GetUtcNow(),
                    Action = action,
                }
            );
            return db.SaveChangesAsync(Ct);
        });

    private Task<int> AddLedgerRowAsync(string id, Guid requestId) =>
        _worker.InDatabaseAsync(db =>
        {
            db.Submissions.Add(new() { Id = id, RequestId = requestId });
            return db.SaveChangesAsync(Ct);
        });
}
