using ImageWorker.Requests;
using ImageWorker.Tests.Saga;
using Microsoft.EntityFrameworkCore;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Telemetry;

public sealed class WorkerMetricsTests : IAsyncLifetime
{
    private const string Standard = "{model=zpk-ultra,quality=standard}";

    private WorkerUnderTest _worker = null!;
    private Measured _measured = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _worker = await WorkerUnderTest.StartAsync();
        _measured = new(_worker);
    }

    public async ValueTask DisposeAsync()
    {
        _measured.Dispose();
        await _worker.DisposeAsync();
    }

    [Fact]
    public async Task A_request_with_a_resend_is_counted_with_its_images_its_time_and_its_costs()
    {
        var request = (await _worker.HandleAsync(Command())).Request!;
        request = (await _worker.HandleAsync(request.Accepted(_worker, 0.0760m, Running(0), Running(1)))).Request!;
        request = (await _worker.HandleAsync(request.Checked(_worker, Generated(0), Failed(1)))).Request!;
        _worker.Time.Advance(TimeSpan.FromSeconds(2));
        request = (await _worker.TickWhenDueAsync(request)).Request!;
        request = (await _worker.HandleAsync(request.Accepted(_worker, 0.0381m, Running(0)))).Request!;
        await _worker.HandleAsync(request.Checked(_worker, Failed(0, "LENS_CAP_ON")));

        Assert.Equal(1, _measured.Sum("imageworker.requests.received"));
        Assert.Equal(1, _measured.Sum("imageworker.requests.closed{outcome=ready}"));
        Assert.Equal(1, _measured.Sum("imageworker.resends"));
        Assert.Equal(1, _measured.Sum("imageworker.images.settled{error_id=,status=generated}"));
        Assert.Equal(1, _measured.Sum("imageworker.images.settled{error_id=other,status=failed}"));
        Assert.Equal(0.1141, _measured.Sum($"imageworker.cost.eur{Standard}"));
        Assert.Equal(0.1140, _measured.Sum($"imageworker.cost.estimated.eur{Standard}"));
        Assert.Equal([3], _measured.Of("imageworker.request.duration{outcome=ready}"));
    }

    [Fact]
    public async Task Lateness_is_from_when_the_request_came_due()
    {
        var given = await _worker.ReachAsync(Given.Generating);

        await _worker.TickAsync(given.Id, TimeSpan.FromSeconds(27 + 4));

        Assert.Equal([4], _measured.Of("imageworker.tick.lateness"));
    }

    [Fact]
    public async Task What_is_repeated_is_not_counted_again()
    {
        var command = Command(count: 1);
        var commandId = Guid.NewGuid();
        await _worker.HandleAsync(command, commandId);
        await _worker.HandleAsync(command, commandId);
        var request = (await _worker.HandleAsync(command)).Request!;
        request = (await _worker.HandleAsync(request.Accepted(_worker, 0.0380m, Running(0)))).Request!;
        var check = request.Checked(_worker, Generated(0));
        await _worker.HandleAsync(check);
        await _worker.HandleAsync(check);
        await _worker.HandleAsync(command);

        Assert.Equal(1, _measured.Sum("imageworker.requests.received"));
        Assert.Equal(1, _measured.Sum("imageworker.requests.closed{outcome=ready}"));
        Assert.Equal(0.038, _measured.Sum($"imageworker.cost.eur{Standard}"));
    }

    [Fact]
    public async Task A_step_that_loses_against_another_one_and_runs_again_counts_once()
    {
        var request = (await _worker.HandleAsync(Command(count: 1))).Request!;
        request = (await _worker.HandleAsync(request.Accepted(_worker, 0.0380m, Running(0)))).Request!;

        await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(i =>
                    _worker.ConsumeAsync(request.Checked(_worker, i == 6 ? Generated(0) : Running(0)), Guid.NewGuid())
                )
        );

        Assert.Equal("Closed", (await _worker.FindAsync(request.CorrelationId))!.State);
        Assert.Equal(1, _measured.Sum("imageworker.requests.closed{outcome=ready}"));
        Assert.Equal(0.038, _measured.Sum($"imageworker.cost.eur{Standard}"));
    }

    [Fact]
    public async Task A_refused_command_is_counted_as_received_and_as_closed()
    {
        await _worker.HandleAsync(Command() with { Prompt = "" });

        Assert.Equal(1, _measured.Sum("imageworker.requests.received"));
        Assert.Equal(1, _measured.Sum("imageworker.requests.closed{outcome=InvalidRequest}"));
    }

    [Fact]
    public async Task Tenants_are_labels_if_the_settings_name_them_and_all_others_are_one()
    {
        await using var worker = await WorkerUnderTest.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tenants:acme:AtOnce"] = "4" }
        );
        using var measured = new Measured(worker);
        foreach (var tenant in new[] { "acme", "invented", null })
        {
            var request = (await worker.HandleAsync(Command(count: 1) with { Tenant = tenant })).Request!;
            request = (await worker.HandleAsync(request.Accepted(worker, 0.0380m, Running(0)))).Request!;
            await worker.HandleAsync(request.Checked(worker, Generated(0)));
        }

        Assert.Equal(1, measured.Sum("imageworker.requests.received{tenant=acme}"));
        Assert.Equal(2, measured.Sum("imageworker.requests.received{tenant=other}"));
        Assert.Equal(1, measured.Sum("imageworker.requests.closed{outcome=ready,tenant=acme}"));
        Assert.Equal(2, measured.Sum("imageworker.requests.closed{outcome=ready,tenant=other}"));
        Assert.Equal(0.038, measured.Sum("imageworker.cost.eur{model=zpk-ultra,quality=standard,tenant=acme}"));
        Assert.Equal(0.076, measured.Sum("imageworker.cost.eur{model=zpk-ultra,quality=standard,tenant=other}"));
    }

    [Fact]
    public async Task A_request_refused_for_its_budget_has_no_cost()
    {
        await _worker.HandleAsync(Command() with { MaxCost = 0.01m });

        Assert.Equal(1, _measured.Sum("imageworker.requests.closed{outcome=BudgetExceeded}"));
        Assert.Equal(2, _measured.Sum("imageworker.images.settled{error_id=BUDGET_EXCEEDED,status=failed}"));
        Assert.Equal(0, _measured.Sum($"imageworker.cost.estimated.eur{Standard}"));
    }

    [Fact]
    public async Task Open_work_is_read_from_the_database_at_most_every_15_seconds()
    {
        await _worker.ReachAsync(Given.Generating);
        await _worker.ReachAsync(Given.Withdrawn);
        await _worker.ReachAsync(Given.Closed);
        _measured.Observe();
        Assert.Equal([1], _measured.Of("imageworker.requests.open{state=Generating}"));
        Assert.Equal([0], _measured.Of("imageworker.requests.open{state=Closing}"));
        Assert.Equal([0], _measured.Of("imageworker.outbox.messages"));

        await _worker.ReachAsync(Given.Generating);
        _worker.Time.Advance(TimeSpan.FromSeconds(14.9));
        _measured.Observe();
        Assert.Equal([1], _measured.Of("imageworker.requests.open{state=Generating}"));

        _worker.Time.Advance(TimeSpan.FromSeconds(0.1));
        _measured.Observe();
        Assert.Equal([2], _measured.Of("imageworker.requests.open{state=Generating}"));
    }

    [Fact]
    public async Task A_submission_is_unresolved_once_its_lease_is_over()
    {
        await _worker.InDatabaseAsync(async db =>
        {
            db.Submissions.Add(
                new()
                {
                    Id = "a",
                    State = LedgerState.Started,
                    LeaseUntil = _worker.Time.GetUtcNow().AddSeconds(20),
                }
            );
            return await db.SaveChangesAsync(Ct);
        });
        _measured.Observe();
        Assert.Equal([0], _measured.Of("imageworker.submissions.unresolved"));

        _worker.Time.Advance(TimeSpan.FromSeconds(21));
        _measured.Observe();

        Assert.Equal([1], _measured.Of("imageworker.submissions.unresolved"));
    }

    [Fact]
    public async Task While_the_database_cannot_be_read_its_gauges_say_nothing()
    {
        await _worker.InDatabaseAsync(db => db.Database.ExecuteSqlAsync($"ALTER TABLE outbox RENAME TO moved", Ct));

        _measured.Observe();

        Assert.Empty(_measured.Of("imageworker.outbox.messages"));
        Assert.Empty(_measured.Of("imageworker.requests.open{state=Generating}"));
        Assert.Equal([0], _measured.Of("imageworker.zpk.circuit_open"));
    }
}
