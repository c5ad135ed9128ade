using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Tests.Saga;
using Microsoft.EntityFrameworkCore;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Telemetry;

public sealed class WorkerMetricsTests : IAsyncLifetime
{
    private const string Standard = "{model=zpk-ultra,quality=standard}";

    private WorkerUnderTest worker = null!;
    private Measured measured = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        worker = await WorkerUnderTest.Start();
        measured = new(worker);
    }

    public async ValueTask DisposeAsync()
    {
        measured.Dispose();
        await worker.DisposeAsync();
    }

    [Fact]
    public async Task A_request_with_a_resend_is_counted_with_its_images_its_time_and_its_costs()
    {
        var request = (await worker.Handle(Command())).Request!;
        request = (await worker.Handle(request.Accepted(worker, 0.0760m, Running(0), Running(1)))).Request!;
        request = (await worker.Handle(request.Checked(worker, Generated(0), Failed(1)))).Request!;
        worker.Time.Advance(TimeSpan.FromSeconds(2));
        request = (await worker.TickWhenDue(request)).Request!;
        request = (await worker.Handle(request.Accepted(worker, 0.0381m, Running(0)))).Request!;
        await worker.Handle(request.Checked(worker, Failed(0, "LENS_CAP_ON")));

        Assert.Equal(1, measured.Sum("imageworker.requests.received"));
        Assert.Equal(1, measured.Sum("imageworker.requests.closed{outcome=ready}"));
        Assert.Equal(1, measured.Sum("imageworker.resends"));
        Assert.Equal(1, measured.Sum("imageworker.images.settled{error_id=,status=generated}"));
        Assert.Equal(1, measured.Sum("imageworker.images.settled{error_id=other,status=failed}"));
        Assert.Equal(0.1141, measured.Sum($"imageworker.cost.eur{Standard}"));
        Assert.Equal(0.1140, measured.Sum($"imageworker.cost.estimated.eur{Standard}"));
        Assert.Equal([3], measured.Of("imageworker.request.duration{outcome=ready}"));
    }

    [Fact]
    public async Task Lateness_is_from_when_the_request_came_due()
    {
        var given = await worker.Reach(Given.Generating);

        await worker.Tick(given.Id, TimeSpan.FromSeconds(27 + 4));

        Assert.Equal([4], measured.Of("imageworker.tick.lateness"));
    }

    [Fact]
    public async Task What_is_repeated_is_not_counted_again()
    {
        var command = Command(count: 1);
        var commandId = Guid.NewGuid();
        await worker.Handle(command, commandId);
        await worker.Handle(command, commandId);
        var request = (await worker.Handle(command)).Request!;
        request = (await worker.Handle(request.Accepted(worker, 0.0380m, Running(0)))).Request!;
        var check = request.Checked(worker, Generated(0));
        await worker.Handle(check);
        await worker.Handle(check);
        await worker.Handle(command);

        Assert.Equal(1, measured.Sum("imageworker.requests.received"));
        Assert.Equal(1, measured.Sum("imageworker.requests.closed{outcome=ready}"));
        Assert.Equal(0.038, measured.Sum($"imageworker.cost.eur{Standard}"));
    }

    [Fact]
    public async Task A_step_that_loses_against_another_one_and_runs_again_counts_once()
    {
        var request = (await worker.Handle(Command(count: 1))).Request!;
        request = (await worker.Handle(request.Accepted(worker, 0.0380m, Running(0)))).Request!;

        await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(i =>
                    worker.Consume(request.Checked(worker, i == 6 ? Generated(0) : Running(0)), Guid.NewGuid())
                )
        );

        Assert.Equal("Closed", (await worker.Find(request.CorrelationId))!.State);
        Assert.Equal(1, measured.Sum("imageworker.requests.closed{outcome=ready}"));
        Assert.Equal(0.038, measured.Sum($"imageworker.cost.eur{Standard}"));
    }

    [Fact]
    public async Task A_refused_command_is_counted_as_received_and_as_closed()
    {
        await worker.Handle(Command() with { Prompt = "" });

        Assert.Equal(1, measured.Sum("imageworker.requests.received"));
        Assert.Equal(1, measured.Sum("imageworker.requests.closed{outcome=InvalidRequest}"));
    }

    [Fact]
    public async Task A_request_refused_for_its_budget_has_no_cost()
    {
        await worker.Handle(Command() with { MaxCost = 0.01m });

        Assert.Equal(1, measured.Sum("imageworker.requests.closed{outcome=BudgetExceeded}"));
        Assert.Equal(2, measured.Sum("imageworker.images.settled{error_id=BUDGET_EXCEEDED,status=failed}"));
        Assert.Equal(0, measured.Sum($"imageworker.cost.estimated.eur{Standard}"));
    }

    [Fact]
    public async Task Open_work_is_read_from_the_database_at_most_every_15_seconds()
    {
        await worker.Reach(Given.Generating);
        await worker.Reach(Given.Withdrawn);
        await worker.Reach(Given.Closed);
        measured.Observe();
        Assert.Equal([1], measured.Of("imageworker.requests.open{state=Generating}"));
        Assert.Equal([0], measured.Of("imageworker.requests.open{state=Closing}"));
        Assert.Equal([0], measured.Of("imageworker.outbox.messages"));

        await worker.Reach(Given.Generating);
        worker.Time.Advance(TimeSpan.FromSeconds(14.9));
        measured.Observe();
        Assert.Equal([1], measured.Of("imageworker.requests.open{state=Generating}"));

        worker.Time.Advance(TimeSpan.FromSeconds(0.1));
        measured.Observe();
        Assert.Equal([2], measured.Of("imageworker.requests.open{state=Generating}"));
    }

    [Fact]
    public async Task A_submission_is_unresolved_once_its_lease_is_over()
    {
        await worker.InDatabase(async db =>
        {
            db.Submissions.Add(
                new()
                {
                    Id = "a",
                    State = LedgerState.Started,
                    LeaseUntil = worker.Time.GetUtcNow().AddSeconds(20),
                }
            );
            return await db.SaveChangesAsync(Ct);
        });
        measured.Observe();
        Assert.Equal([0], measured.Of("imageworker.submissions.unresolved"));

        worker.Time.Advance(TimeSpan.FromSeconds(21));
        measured.Observe();

        Assert.Equal([1], measured.Of("imageworker.submissions.unresolved"));
    }

    [Fact]
    public async Task While_the_database_cannot_be_read_its_gauges_say_nothing()
    {
        await worker.InDatabase(db => db.Database.ExecuteSqlAsync($"ALTER TABLE outbox RENAME TO moved", Ct));

        measured.Observe();

        Assert.Empty(measured.Of("imageworker.outbox.messages"));
        Assert.Empty(measured.Of("imageworker.requests.open{state=Generating}"));
        Assert.Equal([0], measured.Of("imageworker.zpk.circuit_open"));
    }
}
