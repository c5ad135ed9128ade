using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.IntegrationTests.Storage;

/// <summary>What one commit of several steps leaves, in both databases: the same, though the statements differ.</summary>
public sealed class SaveTests(TestServers servers) : IAsyncDisposable
{
    /// <summary>What a pooler in transaction mode needs, so no session has a lock timeout of its own.</summary>
    private const string Pooled = ";Max Auto Prepare=0";

    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly DateTimeOffset Lease = Start.AddSeconds(30);

    private readonly EmptyFolder _folder = new();
    private ServiceProvider? _services;

    public static TheoryData<string> Databases => ["PostgreSQL", "SQLite"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Every_field_is_stored_by_an_insert_and_by_an_update(string database)
    {
        await OpenAsync(database);
        var inserted = Insert(Request(version: 1));
        var updated = Update(Request(version: 2, inserted.Request!.CorrelationId), seen: 1);
        updated.Request!.Command = updated.Request.Command! with { Prompt = "a blue \"fox\" \u0000 ☃" };

        Assert.Equal([null], await SaveAsync(inserted));
        var first = await RowAsync(inserted.Request.CorrelationId);
        Assert.Equal([null], await SaveAsync(updated));
        var second = await RowAsync(inserted.Request.CorrelationId);

        Assert.Equal(JsonSerializer.Serialize(inserted.Request), JsonSerializer.Serialize(first));
        Assert.Equal(JsonSerializer.Serialize(updated.Request), JsonSerializer.Serialize(second));
        Assert.Equal(typeof(ImageRequest).GetProperties().Length, PropertiesSet(first!));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task The_ledger_and_the_outbox_are_written_with_the_row(string database)
    {
        await OpenAsync(database);
        var id = Guid.NewGuid();
        await StartedAsync(id, "settled", "doubtful");
        var unit = Insert(
            Request(version: 1, id),
            new("settled", Start, LedgerState.Accepted)
            {
                ProviderId = "zpk-1",
                Cost = 0.11400m,
                SettledAt = Start,
            },
            Event(id)
        );
        // The row need not change for a call in doubt.
        var doubt = new UnitOfWork { Ledger = new("doubtful", Start, LedgerState.Started) { LeaseUntil = Lease } };

        Assert.Equal([null, null], await SaveAsync(unit, doubt));

        var ledger = await InDatabaseAsync(db => db.Submissions.OrderBy(entry => entry.Id).ToListAsync(Ct));
        Assert.Equal(("doubtful", LedgerState.Started, Lease), (ledger[0].Id, ledger[0].State, ledger[0].LeaseUntil));
        Assert.Equal((LedgerState.Accepted, "zpk-1"), (ledger[1].State, ledger[1].ProviderId));
        Assert.Equal((0.11400m, Start, Start), (ledger[1].Cost, ledger[1].SettledAt, ledger[1].LeaseUntil));
        var message = Assert.Single(await InDatabaseAsync(db => db.Outbox.ToListAsync(Ct)));
        Assert.Equal((unit.Events[0].Id, Lease, 0), (message.Id, message.ClaimableAt, message.Attempts));
        Assert.Equal((id, "{}", "exchange:x"), (message.CorrelationId, message.Body, message.Destination));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_call_in_doubt_does_not_undo_what_another_process_found_out(string database)
    {
        await OpenAsync(database);
        await StartedAsync(Guid.NewGuid(), "adopted");
        var accepted = new LedgerNote("adopted", Start, LedgerState.Accepted) { ProviderId = "zpk-1", Cost = 0.038m };
        await SaveAsync(new UnitOfWork { Ledger = accepted });

        await SaveAsync(new UnitOfWork { Ledger = new("adopted", Start, LedgerState.Started) { LeaseUntil = Lease } });

        var entry = await InDatabaseAsync(db => db.Submissions.SingleAsync(Ct));
        Assert.Equal((LedgerState.Accepted, "zpk-1", 0.038m), (entry.State, entry.ProviderId, entry.Cost));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_step_that_was_overtaken_leaves_nothing_and_spoils_no_other(string database)
    {
        await OpenAsync(database);
        var (stale, known, good) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await StartedAsync(stale, "stale");
        await SaveAsync(Insert(Request(version: 7, stale)), Insert(Request(version: 1, known)));
        await InDatabaseAsync(async db =>
        {
            db.Removed.Add(new() { RequestId = known, RemovedAt = Start });
            db.Requests.Remove(await db.Requests.SingleAsync(request => request.CorrelationId == known, Ct));
            return await db.SaveChangesAsync(Ct);
        });

        UnitOfWork[] units =
        [
            Update(Request(version: 7, stale), seen: 6, new("stale", Start, LedgerState.Accepted), Event(stale)),
            Insert(Request(version: 1, known), @event: Event(known)),
            Insert(Request(version: 1, good), @event: Event(good)),
            Insert(Request(version: 1, stale), @event: Event(stale)),
        ];
        var ends = await SaveAsync(units);

        Assert.IsType<DbUpdateException>(ends[0], exactMatch: false);
        Assert.IsType<RequestRemovedException>(ends[1]);
        Assert.Null(ends[2]);
        Assert.IsType<DbUpdateException>(ends[3], exactMatch: false);
        Assert.Equal(7, (await RowAsync(stale))!.Version);
        Assert.Null(await RowAsync(known));
        var messages = await InDatabaseAsync(db => db.Outbox.ToListAsync(Ct));
        Assert.Equal(good, Assert.Single(messages).CorrelationId);
        Assert.Equal(LedgerState.Started, (await InDatabaseAsync(db => db.Submissions.SingleAsync(Ct))).State);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task An_answer_under_a_claim_that_another_process_took_over_leaves_nothing(string database)
    {
        await OpenAsync(database);
        var (id, other) = (Guid.NewGuid(), Guid.NewGuid());
        await StartedAsync(id, "taken", "held");
        await SaveAsync(Insert(Request(version: 1, id)), Insert(Request(version: 1, other)));

        var ends = await SaveAsync(
            Update(Request(version: 2, id), seen: 1, new("taken", Lease, LedgerState.Released), Event(id)),
            Update(Request(version: 2, other), seen: 1, new("held", Start, LedgerState.Accepted), Event(other))
        );

        Assert.IsType<ClaimLostException>(ends[0]);
        Assert.Null(ends[1]);
        Assert.Equal((1, 2), ((await RowAsync(id))!.Version, (await RowAsync(other))!.Version));
        var ledger = await InDatabaseAsync(db => db.Submissions.OrderBy(entry => entry.Id).ToListAsync(Ct));
        Assert.Equal([LedgerState.Accepted, LedgerState.Started], ledger.Select(entry => entry.State));
        Assert.Equal(other, Assert.Single(await InDatabaseAsync(db => db.Outbox.ToListAsync(Ct))).CorrelationId);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Of_two_steps_of_one_request_at_once_one_is_saved(string database)
    {
        await OpenAsync(database);
        var id = Guid.NewGuid();
        await SaveAsync(Insert(Request(version: 1, id)));

        var ends = await SaveAsync(
            Update(Request(version: 2, id), seen: 1, @event: Event(id)),
            Update(Request(version: 2, id), seen: 1, @event: Event(id))
        );

        Assert.Single(ends, end => end is null);
        Assert.Single(ends, end => end is DbUpdateConcurrencyException);
        Assert.Single(await InDatabaseAsync(db => db.Outbox.ToListAsync(Ct)));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_the_database_refuses_spoils_no_other(string database)
    {
        await OpenAsync(database);
        var (bad, good) = (Insert(Request(version: 1)), Insert(Request(version: 1)));
        bad.Request!.State = null!;

        var ends = await SaveAsync(bad, good);

        Assert.IsType<DbUpdateException>(ends[0], exactMatch: false);
        Assert.Null(ends[1]);
        Assert.NotNull(await RowAsync(good.Request!.CorrelationId));
    }

    [Theory]
    [InlineData("SELECT FROM requests WHERE id = {0} FOR UPDATE", "")]
    [InlineData("SELECT FROM submissions WHERE request_id = {0} FOR UPDATE", "")]
    [InlineData("SELECT FROM requests WHERE id = {0} FOR UPDATE", Pooled)]
    [InlineData("SELECT FROM submissions WHERE request_id = {0} FOR UPDATE", Pooled)]
    public async Task Only_the_step_whose_rows_are_locked_waits(string @lock, string settings)
    {
        await OpenAsync("PostgreSQL", settings);
        var (held, free) = (Guid.NewGuid(), Guid.NewGuid());
        await SaveAsync(Insert(Request(version: 1, held)), Insert(Request(version: 1, free)));
        await StartedAsync(held, "held");
        await using var scope = _services!.CreateAsyncScope();
        var forgotten = scope.ServiceProvider.GetRequiredService<WorkerContext>();
        await using var transaction = await forgotten.Database.BeginTransactionAsync(Ct);
        await forgotten.Database.ExecuteSqlRawAsync(@lock, [held], Ct);

        var ends = await SaveAsync(Held(version: 2), Update(Request(version: 2, free), seen: 1));
        // Now that the lock is known, a step does not even try.
        var again = await SaveAsync(Held(version: 2), Update(Request(version: 3, free), seen: 2));
        await transaction.RollbackAsync(Ct);
        var last = await SaveAsync(Held(version: 2));

        Assert.IsType<RequestLockedException>(ends[0]);
        Assert.IsType<RequestLockedException>(again[0]);
        Assert.Equal([null, null, null], [ends[1], again[1], last[0]]);
        Assert.Equal(2, (await RowAsync(held))!.Version);
        Assert.Equal(3, (await RowAsync(free))!.Version);
        Assert.False(_services!.GetRequiredService<LockedRequests>().Has(held));

        UnitOfWork Held(int version) =>
            Update(Request(version, held), seen: 1, new LedgerNote("held", Start, LedgerState.Accepted));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_was_closed_is_added_to_the_sums_of_costs_with_its_row_or_not_at_all(string database)
    {
        await OpenAsync(database);
        var stale = Request(version: 7);
        await SaveAsync(Insert(stale));

        await SaveAsync(
            Closing("acme", 0.0760m),
            Closing("acme", 0.03810m),
            Closing("other", 1m),
            Update(Request(version: 3, stale.CorrelationId), seen: 2, closed: Cost("acme", 5m))
        );
        await SaveAsync(Closing("acme", 0.1m));

        Assert.Equal([("acme", 3, 0.21410m), ("other", 1, 1m)], await SumsAsync());
    }

    [Fact]
    public async Task Workers_that_close_requests_at_the_same_time_lock_each_other_out_of_no_sum()
    {
        await OpenAsync("PostgreSQL");
        const int Workers = 6;
        const int Each = 40;
        var tenants = Enumerable.Range(0, 20).Select(number => $"t{number:00}").ToArray();

        var ends = await Task.WhenAll(
            Enumerable
                .Range(0, Workers)
                .Select(worker =>
                    SaveAsync([
                        .. Enumerable
                            .Range(0, Each)
                            // Each goes through the tenants in an order of its own.
                            .Select(number => Closing(tenants[(number * (2 * worker + 3) + worker) % 20], 0.01m)),
                    ])
                )
        );

        Assert.All(ends.SelectMany(end => end), Assert.Null);
        var sums = await SumsAsync();
        Assert.Equal(Workers * Each, sums.Sum(sum => sum.Requests));
        Assert.Equal(Workers * Each * 0.01m, sums.Sum(sum => sum.Cost));
    }

    [Fact]
    public async Task Sums_of_days_that_are_over_are_gathered_and_go_with_their_time()
    {
        await OpenAsync("PostgreSQL");
        await InDatabaseAsync(db =>
            db.Database.ExecuteSqlRawAsync(
                """
                INSERT INTO costs (day, model, quality, tenant, outcome, slot, requests, images, cost, wasted, unknown)
                SELECT date '2026-01-01' + day, 'zpk-ultra', 'standard', 'acme', 'ready', slot, 1, 2, 0.1, 0.01, 1
                FROM generate_series(0, 2) day, generate_series(0, 3) slot
                """,
                Ct
            )
        );

        var gathered = await InDatabaseAsync(db => db.SettleCostsAsync(new(2026, 1, 3), 100, Ct));
        var rows = await InDatabaseAsync(db => db.Costs.AsNoTracking().OrderBy(row => row.Day).ToListAsync(Ct));
        var removed = await InDatabaseAsync(db => db.RemoveCostsAsync(new(2026, 1, 2), 100, Ct));

        Assert.Equal(6, gathered);
        Assert.Equal([4, 4, 1, 1, 1, 1], rows.Select(row => row.Requests));
        Assert.All(
            rows[..2],
            row =>
                Assert.Equal(
                    (CostRow.Settled, 8L, 0.4m, 0.04m, 4L),
                    (row.Slot, row.Images, row.Cost, row.Wasted, row.Unknown)
                )
        );
        Assert.Equal(1, removed);
        Assert.Equal(8, Assert.Single(await SumsAsync()).Requests);
    }

    [Fact]
    public async Task Events_that_were_delivered_or_failed_do_not_wait_for_one_whose_row_is_locked()
    {
        await OpenAsync("PostgreSQL");
        var ids = new List<Guid>();
        for (var i = 0; i < 4; i++)
        {
            var @event = Event(Guid.NewGuid());
            ids.Add(@event.Id);
            await SaveAsync(Insert(Request(version: 1), @event: @event));
        }
        await using var scope = _services!.CreateAsyncScope();
        var forgotten = scope.ServiceProvider.GetRequiredService<WorkerContext>();
        await using var transaction = await forgotten.Database.BeginTransactionAsync(Ct);
        await forgotten.Database.ExecuteSqlAsync($"SELECT FROM outbox WHERE id = {ids[0]} FOR UPDATE", Ct);

        var removed = await InDatabaseAsync(db => db.RemoveDeliveredAsync(ids[..2], Ct));
        var putOff = await InDatabaseAsync(db => db.PutOffAsync([ids[0], ids[2]], attempts: 3, Lease.AddDays(1), Ct));

        Assert.Equal((1, 1), (removed, putOff));
        var left = await InDatabaseAsync(db =>
            db.Outbox.ToDictionaryAsync(row => row.Id, row => (row.ClaimableAt, row.Attempts), Ct)
        );
        Assert.Equal(
            new Dictionary<Guid, (DateTimeOffset, int)>
            {
                [ids[0]] = (Lease, 0),
                [ids[2]] = (Lease.AddDays(1), 3),
                [ids[3]] = (Lease, 0),
            },
            left
        );
    }

    [Fact]
    public async Task A_late_duplicate_that_meets_the_removal_of_its_request_does_not_bring_it_back()
    {
        await OpenAsync("PostgreSQL", ";Options=-c lock_timeout=0");
        var (old, @new) = (Guid.NewGuid(), Guid.NewGuid());
        await SaveAsync(Insert(Request(version: 1, old)));
        await using var scope = _services!.CreateAsyncScope();
        var retention = scope.ServiceProvider.GetRequiredService<WorkerContext>();
        await using var removal = await retention.Database.BeginTransactionAsync(Ct);
        Assert.Equal(1, await retention.RemoveClosedAsync(Start.AddDays(1), Start, limit: 10, Ct));

        var saving = SaveAsync(
            Insert(Request(version: 1, old), @event: Event(old)),
            Insert(Request(version: 1, @new), @event: Event(@new))
        );
        // The row is there still, and what becomes of it is waited for.
        await Eventually.PassesAsync(async () => Assert.Equal([1], await InDatabaseAsync(WaitingAsync)));
        await removal.CommitAsync(Ct);
        var ends = await saving;

        Assert.IsType<RequestRemovedException>(ends[0]);
        Assert.Null(ends[1]);
        Assert.Null(await RowAsync(old));
        Assert.NotNull(await RowAsync(@new));
        var messages = await InDatabaseAsync(db => db.Outbox.ToListAsync(Ct));
        Assert.Equal(@new, Assert.Single(messages).CorrelationId);

        static Task<List<int>> WaitingAsync(WorkerContext db) =>
            db
                .Database.SqlQuery<int>(
                    $"""
                    SELECT count(*)::int AS "Value" FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'
                    """
                )
                .ToListAsync(Ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (_services is not null)
        {
            await _services.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task OpenAsync(string database, string settings = "")
    {
        var postgres = database == "PostgreSQL" ? await servers.CreateDatabaseAsync("save") + settings : null;
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddStorage(postgres, _folder.At("save.db"));
        _services = services.BuildServiceProvider();
        await InDatabaseAsync(async db =>
        {
            await db.Database.MigrateAsync(Ct);
            return true;
        });
    }

    /// <summary>Through the store, as steps that end at the same time are.</summary>
    private async Task<IReadOnlyList<Exception?>> SaveAsync(params UnitOfWork[] units)
    {
        var store = new RequestStore(
            _services!.GetRequiredService<Database>(),
            _services!.GetRequiredService<DatabaseTimeline>(),
            _services!.GetRequiredService<LockedRequests>(),
            Microsoft.Extensions.Options.Options.Create(new DeliveryOptions { Lease = Lease - Start }),
            new StandingClock()
        );
        return await Task.WhenAll(units.Select(unit => Record.ExceptionAsync(() => store.SaveAsync(unit)).AsTask()));
    }

    private async Task<T> InDatabaseAsync<T>(Func<WorkerContext, Task<T>> work)
    {
        await using var scope = _services!.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<WorkerContext>());
    }

    private Task<ImageRequest?> RowAsync(Guid id) =>
        InDatabaseAsync(db =>
            db.Requests.AsNoTracking().SingleOrDefaultAsync(request => request.CorrelationId == id, Ct)
        );

    private Task<int> StartedAsync(Guid requestId, params string[] ids) =>
        InDatabaseAsync(db =>
        {
            db.Submissions.AddRange(
                ids.Select(id => new SubmissionEntry
                {
                    Id = id,
                    RequestId = requestId,
                    LeaseUntil = Start,
                    StartedAt = Start,
                })
            );
            return db.SaveChangesAsync(Ct);
        });

    private static UnitOfWork Insert(ImageRequest request, LedgerNote? note = null, OutboxMessage? @event = null)
    {
        var unit = With(note, @event);
        unit.Insert(request);
        return unit;
    }

    private static UnitOfWork Update(
        ImageRequest request,
        int seen,
        LedgerNote? note = null,
        OutboxMessage? @event = null,
        ClosedCost? closed = null
    )
    {
        var unit = With(note, @event);
        unit.Closed = closed;
        var version = request.Version;
        request.Version = seen;
        unit.Load(request);
        request.Version = version;
        unit.Update();
        return unit;
    }

    private static UnitOfWork With(LedgerNote? note, OutboxMessage? @event)
    {
        var unit = new UnitOfWork { Ledger = note };
        if (@event is not null)
        {
            unit.Events.Add(@event);
        }

        return unit;
    }

    private static UnitOfWork Closing(string tenant, decimal cost)
    {
        var unit = Insert(Request(version: 1));
        unit.Closed = Cost(tenant, cost);
        return unit;
    }

    private static ClosedCost Cost(string tenant, decimal cost) =>
        new(new(2026, 1, 2), "zpk-ultra", "standard", tenant, "ready", 1, cost, Wasted: 0, IsUnknown: false);

    private async Task<List<(string Tenant, long Requests, decimal Cost)>> SumsAsync()
    {
        var rows = await InDatabaseAsync(db => db.Costs.AsNoTracking().ToListAsync(Ct));
        return
        [
            .. rows.GroupBy(row => row.Tenant, StringComparer.Ordinal)
                .OrderBy(tenant => tenant.Key, StringComparer.Ordinal)
                .Select(tenant => (tenant.Key, tenant.Sum(row => row.Requests), tenant.Sum(row => row.Cost))),
        ];
    }

    private static OutboxMessage Event(Guid requestId) =>
        new()
        {
            Id = Guid.NewGuid(),
            MessageId = Guid.NewGuid(),
            Destination = "exchange:x",
            ContentType = "application/json",
            Body = "{}",
            CorrelationId = requestId,
            TraceParent = "00-1-2-01",
            TraceState = "a=1",
        };

    /// <summary>Every property has a value of its own.</summary>
    private static ImageRequest Request(int version, Guid? id = null)
    {
        var requestId = id ?? Guid.NewGuid();
        var at = Start.AddMinutes(version);
        return new()
        {
            CorrelationId = requestId,
            State = $"State{version}",
            Version = version,
            Command = new GenerateImages
            {
                RequestId = requestId,
                Prompt = $"fox {version}",
                MaxCost = 1.10m,
            },
            TraceParent = $"00-{version}",
            TraceState = $"a={version}",
            Model = $"model{version}",
            MetadataValue = $"order {version}",
            Cost = 0.1m + version,
            ImageErrors = $"|E{version}|",
            RequestedAt = at,
            Tenant = $"tenant{version}",
            Priority = version == 1 ? RequestPriority.Low : RequestPriority.High,
            WaitingSince = at.AddMinutes(5),
            Deadline = at.AddMinutes(10),
            NextTickAt = at.AddMinutes(20),
            CloseBy = at.AddMinutes(30),
            ClosedAt = at.AddMinutes(40),
            Reason = version == 1 ? FailureReason.Cancelled : FailureReason.GeneralError,
            Errors = [new($"E{version}", "'quoted' and \\escaped", "prompt")],
            Warnings = [new($"W{version}", "'quoted' and \\escaped", "n")],
            Askers = [new("amq.gen-1", $"C{version}", Guid.NewGuid()), new("amq.gen-2", null, null)],
            Webhook = new(WebhookState.Retrying, version, "HTTP 503", at, at.AddMinutes(50)),
            Images = [new() { Number = version, Url = "https://x/y" }],
            Submissions = [new() { Id = $"sub{version}", Cost = 0.0380m }],
        };
    }

    private static int PropertiesSet(ImageRequest request) =>
        typeof(ImageRequest)
            .GetProperties()
            .Count(property =>
                property.GetValue(request) is { } value
                && value is not (0 or "" or System.Collections.ICollection { Count: 0 })
            );

    private sealed class StandingClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Start;
    }
}
