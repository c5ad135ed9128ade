using ImageWorker.Requests;
using ImageWorker.Retention;
using ImageWorker.Tests.Saga;
using Microsoft.EntityFrameworkCore;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Retention;

public sealed class ExpiredRowsTests : IAsyncLifetime
{
    private WorkerUnderTest worker = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        worker = await WorkerUnderTest.Start(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Retention:Batch"] = "2",
                ["Retention:Pause"] = "00:00:00",
            }
        );

    public ValueTask DisposeAsync() => worker.DisposeAsync();

    [Fact]
    public async Task A_closed_request_goes_with_its_ledger_rows_once_its_time_is_over_and_not_before()
    {
        var (id, _) = await worker.Reach(Given.Closed);
        await AddLedgerRow("abc", id);
        await AddLedgerRow("def", id);

        worker.Time.Advance(TimeSpan.FromDays(30));
        var before = await Remove();
        worker.Time.Advance(TimeSpan.FromSeconds(1));
        var after = await Remove();

        Assert.Equal((0, 1), (before.Requests, after.Requests));
        Assert.Null(await worker.Find(id));
        Assert.Equal(0, await worker.InDatabase(db => db.Submissions.CountAsync(Ct)));
    }

    [Theory]
    [InlineData(Given.Submitting)]
    [InlineData(Given.Generating)]
    [InlineData(Given.WaitingToResend)]
    [InlineData(Given.Closing)]
    public async Task An_open_request_stays_however_old_it_is(Given given)
    {
        var (id, _) = await worker.Reach(given);
        await AddLedgerRow("abc", id);

        worker.Time.Advance(TimeSpan.FromDays(400));
        var removed = await Remove();

        Assert.Equal(0, removed.Requests);
        Assert.NotNull(await worker.Find(id));
        Assert.Equal(1, await worker.InDatabase(db => db.Submissions.CountAsync(Ct)));
    }

    [Fact]
    public async Task A_cancellation_whose_command_never_came_goes_too()
    {
        var (id, _) = await worker.Reach(Given.Withdrawn);

        worker.Time.Advance(TimeSpan.FromDays(31));

        Assert.Equal(1, (await Remove()).Requests);
        Assert.Null(await worker.Find(id));
    }

    [Fact]
    public async Task More_than_a_batch_goes_batch_by_batch()
    {
        for (var i = 0; i < 5; i++)
            await worker.Reach(Given.Closed);
        worker.Time.Advance(TimeSpan.FromDays(31));
        var (kept, _) = await worker.Reach(Given.Closed);

        var removed = await Remove();

        Assert.Equal((5, 0), removed);
        Assert.Equal(kept, await worker.InDatabase(db => db.Requests.Select(r => r.CorrelationId).SingleAsync(Ct)));
    }

    [Fact]
    public async Task A_command_repeated_after_that_is_neither_paid_nor_answered_for_a_year_more()
    {
        var command = Command(count: 1);
        var request = (await worker.Handle(command)).Request!;
        request = (await worker.Handle(request.Accepted(worker, 0.0380m, Running(0)))).Request!;
        await worker.Handle(request.Checked(worker, Generated(0)));
        worker.Time.Advance(TimeSpan.FromDays(31));
        await Remove();

        var late = await worker.Handle(command);
        worker.Time.Advance(TimeSpan.FromDays(366));
        var forgotten = await Remove();
        var muchLater = await worker.Handle(command);

        Assert.Equal(("none", ""), (late.State, late.Says));
        Assert.Equal((0, 1), forgotten);
        Assert.Equal(("Submitting", "SubmitImages"), (muchLater.State, muchLater.Says));
    }

    [Fact]
    public async Task A_late_duplicate_does_not_hold_up_the_new_commands_that_come_with_it()
    {
        var (old, _) = await worker.Reach(Given.Closed);
        worker.Time.Advance(TimeSpan.FromDays(31));
        await Remove();
        var commands = Enumerable.Range(0, 5).Select(_ => Command()).ToList();

        await Task.WhenAll(commands.Append(Command(old)).Select(c => worker.Consume(c, Guid.NewGuid())));

        Assert.Equal(5, worker.TakeWork().Count);
        Assert.Null(await worker.Find(old));
    }

    private Task<(int Requests, int Known)> Remove() => worker.With<ExpiredRows, (int, int)>(rows => rows.Remove(Ct));

    private Task<int> AddLedgerRow(string id, Guid requestId) =>
        worker.InDatabase(db =>
        {
            db.Submissions.Add(new() { Id = id, RequestId = requestId });
            return db.SaveChangesAsync(Ct);
        });
}
