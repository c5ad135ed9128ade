using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Microsoft.Extensions.Options.Options;

namespace ImageWorker.IntegrationTests.Storage;

/// <summary>Whose turn is next, in both databases.</summary>
public sealed class TurnTests(TestServers servers) : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly Stopping _stopping = new();
    private readonly TurnOrder _order = new();
    private readonly List<ServiceProvider> _opened = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
    private ServiceProvider _services = null!;
    private int _stored;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var services in _opened)
            await services.DisposeAsync();
        _stopping.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tenants_take_turns_and_the_oldest_of_each_is_next(bool onServer)
    {
        await OpenAsync(onServer);
        await StoreAsync("batch", RequestPriority.Normal, 6);
        await StoreAsync("default", RequestPriority.Normal, 1);
        await StoreAsync("zoo", RequestPriority.Normal, 2);

        var turns = await PickAllAsync(each: 2);

        Assert.Equal(
            ["batch 0", "default 6", "zoo 7", "batch 1", "zoo 8", "batch 2", "batch 3", "batch 4", "batch 5"],
            turns
        );
    }

    [Theory]
    [InlineData(true, 3)]
    [InlineData(true, 7)]
    [InlineData(false, 3)]
    [InlineData(false, 7)]
    public async Task Priorities_share_the_turns_sixteen_to_four_to_one(bool onServer, int each)
    {
        await OpenAsync(onServer);
        await StoreAsync("low", RequestPriority.Low, 20);
        await StoreAsync("normal", RequestPriority.Normal, 20);
        await StoreAsync("high", RequestPriority.High, 40);

        var turns = (await PickAllAsync(each)).Take(42).Select(turn => turn.Split(' ')[0]).CountBy(name => name);

        Assert.Equal(
            [("high", 32), ("low", 2), ("normal", 8)],
            turns.Select(count => (count.Key, count.Value)).Order()
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_urgent_need_not_wait_for_what_came_before(bool onServer)
    {
        await OpenAsync(onServer);
        await StoreAsync("batch", RequestPriority.Normal, 30);
        await PickAsync(10);
        await StoreAsync("vip", RequestPriority.High, 1);

        Assert.Equal(["vip 30", "batch 10"], await PickAsync(2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_picked_request_is_claimed_and_its_deadline_runs(bool onServer)
    {
        await OpenAsync(onServer);
        await StoreAsync("batch", RequestPriority.Normal, 1, timeoutSeconds: 60);

        var next = Assert.Single((await Ledger().PickAsync(5, _order.Lines)).Picked);

        var (row, entry) = await InDatabaseAsync(async db =>
            (await db.Requests.AsNoTracking().SingleAsync(Ct), await db.Submissions.AsNoTracking().SingleAsync(Ct))
        );
        Assert.Null(row.WaitingSince);
        Assert.Equal((2, 2), (row.Version, next.Request.Version));
        Assert.InRange(
            row.Deadline - TimeProvider.System.GetUtcNow(),
            TimeSpan.FromSeconds(50),
            TimeSpan.FromSeconds(60)
        );
        Assert.Equal((LedgerState.Started, 1, next.LeaseUntil), (entry.State, entry.Calls, entry.LeaseUntil));
        // The rest of the lease is ZPK's settle time: then it is looked up only.
        Assert.Equal(next.LeaseUntil - TimeSpan.FromSeconds(10), row.NextTickAt);
        Assert.Equal((row.Submissions[0].Id, row.CorrelationId), (entry.Id, entry.RequestId));
        Assert.IsType<Claim.Leased>(await Ledger().LookAsync(entry.Id, row.CorrelationId, Ct));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_another_worker_has_begun_is_left_to_its_timer(bool onServer)
    {
        await OpenAsync(onServer);
        await StoreAsync("batch", RequestPriority.Normal, 2);
        var first = await InDatabaseAsync(db =>
            db.Requests.AsNoTracking().OrderBy(row => row.WaitingSince).FirstAsync(Ct)
        );
        // As a worker of an older version does, which knows no turns.
        Assert.IsType<Claim.Fresh>(await Ledger().ClaimAsync(new(first.Submissions[0].Id, first.CorrelationId), Ct));

        Assert.Equal(["batch 1"], await PickAsync(5));

        var due = await InDatabaseAsync(db => db.ClaimTicksAsync(Now.AddSeconds(60), Now.AddHours(1), 10, Ct));
        Assert.Contains(first.CorrelationId, due.Select(tick => tick.Id));
    }

    [Fact]
    public async Task A_foreign_lock_delays_its_own_rows_only()
    {
        await OpenAsync(onServer: true);
        await StoreAsync("batch", RequestPriority.Normal, 5);
        await using var scope = _services.CreateAsyncScope();
        var forgotten = scope.ServiceProvider.GetRequiredService<WorkerContext>();
        await using var transaction = await forgotten.Database.BeginTransactionAsync(Ct);
        await forgotten.Database.ExecuteSqlAsync($"SELECT FROM requests ORDER BY waiting_since LIMIT 3 FOR UPDATE", Ct);

        Assert.Equal(["batch 3", "batch 4"], await PickAsync(2));
        await transaction.RollbackAsync(Ct);
        Assert.Equal(["batch 0", "batch 1", "batch 2"], await PickAsync(5));
    }

    [Fact]
    public async Task Workers_that_pick_at_the_same_time_pick_different_requests()
    {
        await OpenAsync(onServer: true);
        await StoreAsync("one", RequestPriority.Normal, 40);
        await StoreAsync("two", RequestPriority.High, 40);

        var picks = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PickAllAsync(each: 3, new TurnOrder())));

        var ids = picks.SelectMany(turns => turns).ToList();
        Assert.Equal(80, ids.Count);
        Assert.Equal(80, ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_given_back_waits_again_in_its_old_place_and_is_picked_once(bool onServer)
    {
        await OpenAsync(onServer);
        await StoreAsync("batch", RequestPriority.Normal, 3, startWithinSeconds: 3600);
        var (picked, _) = await Ledger().PickAsync(2, _order.Lines);
        var claims = picked.Select(next => new NewLease(next.Request.Submissions[0].Id, next.LeaseUntil)).ToList();
        await InDatabaseAsync(db =>
            db.Submissions.Where(entry => entry.Id == claims[1].Id)
                .ExecuteUpdateAsync(set => set.SetProperty(entry => entry.State, LedgerState.Accepted), Ct)
        );

        var waits = await Task.WhenAll(claims.Select(Ledger().WaitAgainAsync));
        var waitsTwice = await Ledger().WaitAgainAsync(claims[0]);
        var again = await InDatabaseAsync(db =>
            db.Waiting.AsNoTracking().SingleAsync(row => row.CorrelationId == picked[0].Request.CorrelationId, Ct)
        );
        var turns = await PickAllAsync(each: 2);

        Assert.Equal([true, false], waits);
        Assert.False(waitsTwice);
        Assert.Equal(again.RequestedAt.AddHours(1), again.Deadline);
        Assert.Equal(["batch 0", "batch 2"], turns);
        Assert.Equal(
            [1, 1, 2],
            await InDatabaseAsync(db =>
                db.Submissions.AsNoTracking().Select(entry => entry.Calls).OrderBy(calls => calls).ToListAsync(Ct)
            )
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Waiting_requests_come_due_only_once_their_turns_are_late(bool onServer)
    {
        await OpenAsync(onServer);
        await StoreAsync("batch", RequestPriority.Normal, 2);
        await StoreAsync("batch", RequestPriority.Normal, 1, startWithinSeconds: 30);

        var early = await InDatabaseAsync(db => db.ClaimTicksAsync(Now.AddSeconds(20), Now.AddHours(1), 10, Ct));
        var late = await InDatabaseAsync(db => db.ClaimTicksAsync(Now.AddSeconds(31), Now.AddHours(1), 10, Ct));
        var again = await InDatabaseAsync(db => db.ClaimTicksAsync(Now.AddHours(2), Now.AddHours(3), 10, Ct));

        Assert.Empty(early);
        Assert.Single(late);
        Assert.Equal(late, again);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_tenant_at_its_limit_holds_up_no_other(bool onServer)
    {
        await OpenAsync(onServer);
        var tenants = new TenantOptions { Default = { AtOnce = 3 } };
        tenants.Named["slow"] = new() { PerSecond = 0.5 };
        await StoreAsync("slow", RequestPriority.High, 5);
        await StoreAsync("few", RequestPriority.High, 2);
        await StoreAsync("few", RequestPriority.Normal, 4);
        await StoreAsync("other", RequestPriority.Low, 2);

        var first = await PickAsync(10, tenants: tenants);
        var second = await PickAsync(10, tenants: tenants);
        await InDatabaseAsync(db =>
            db.Submissions.ExecuteUpdateAsync(set => set.SetProperty(entry => entry.State, LedgerState.Accepted), Ct)
        );
        var third = await PickAsync(10, tenants: tenants);
        await InDatabaseAsync(db =>
            db.TenantPace.ExecuteUpdateAsync(set => set.SetProperty(row => row.NextAt, Now.AddHours(-1)), Ct)
        );
        var fourth = await PickAsync(1, tenants: tenants);

        Assert.Equal(["few 5", "slow 0", "few 6", "few 7", "other 11", "other 12"], first);
        Assert.Empty(second);
        Assert.Equal(["few 8", "few 9", "few 10"], third);
        Assert.Equal(["slow 1"], fourth);
    }

    [Fact]
    public async Task A_resend_of_a_tenant_at_its_limit_is_told_when_to_come_again()
    {
        await OpenAsync(onServer: true);
        var tenants = new TenantOptions { Default = { PerSecond = 0.5 } };
        await StoreAsync("batch", RequestPriority.Normal, 2);
        Assert.Single(await PickAsync(10, tenants: tenants));
        var waiting = await InDatabaseAsync(db => db.Waiting.AsNoTracking().SingleAsync(Ct));

        var claim = await Ledger(tenants)
            .ClaimAsync(new(waiting.Submissions[0].Id, waiting.CorrelationId, "batch"), Ct);

        var limited = Assert.IsType<Claim.Limited>(claim);
        Assert.InRange(limited.Until - TimeProvider.System.GetUtcNow(), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Single(await InDatabaseAsync(db => db.Submissions.AsNoTracking().ToListAsync(Ct)));
    }

    private async Task OpenAsync(bool onServer)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        var postgres = onServer ? await servers.CreateDatabaseAsync("turns") : null;
        services.AddStorage(postgres, Path.Combine(_folder.FullName, "turns.db"));
        _opened.Add(_services = services.BuildServiceProvider());
        await InDatabaseAsync(async db =>
        {
            await db.Database.MigrateAsync(Ct);
            return true;
        });
    }

    private async Task StoreAsync(
        string tenant,
        RequestPriority priority,
        int count,
        int timeoutSeconds = 1800,
        int? startWithinSeconds = null
    )
    {
        foreach (var _ in Enumerable.Range(0, count))
        {
            var id = Guid.NewGuid();
            var request = new ImageRequest
            {
                CorrelationId = id,
                State = RequestStates.Submitting,
                Version = 1,
                Tenant = tenant,
                Priority = priority,
                RequestedAt = Now.AddMilliseconds(_stored),
                Command = new GenerateImages
                {
                    RequestId = id,
                    Prompt = $"{tenant} {_stored}",
                    TimeoutSeconds = timeoutSeconds,
                    StartWithinSeconds = startWithinSeconds,
                },
                Images = [new()],
            };
            request.Submit(0);
            request.AwaitTurn(Now.AddMilliseconds(_stored++), TimeSpan.FromMinutes(1));
            await InDatabaseAsync(async db =>
            {
                db.Requests.Add(request);
                return await db.SaveChangesAsync(Ct);
            });
        }
    }

    private async Task<List<string>> PickAllAsync(int each, TurnOrder? order = null)
    {
        var turns = new List<string>();
        while (await PickAsync(each, order) is { Count: > 0 } some)
            turns.AddRange(some);
        return turns;
    }

    private async Task<List<string>> PickAsync(int count, TurnOrder? order = null, TenantOptions? tenants = null)
    {
        order ??= _order;
        var (picked, _) = await Ledger(tenants).PickAsync(count, order.Lines);
        order.Note(picked.Select(next => (next.Request.Priority, next.Request.Tenant)));
        return [.. picked.Select(next => next.Request.Command!.Prompt)];
    }

    private SubmissionLedger Ledger(TenantOptions? tenants = null) =>
        new(
            _services.GetRequiredService<Database>(),
            _services.GetRequiredService<DatabaseTimeline>(),
            _services.GetRequiredService<DatabaseClock>(),
            _services.GetRequiredService<LockedRequests>(),
            new(),
            _stopping,
            Create(new ZpkOptions()),
            new(
                Create(new SubmissionOptions()),
                Create(tenants ?? new TenantOptions()),
                _services.GetRequiredService<DatabaseClock>(),
                TimeProvider.System
            ),
            TimeProvider.System
        );

    private async Task<T> InDatabaseAsync<T>(Func<WorkerContext, Task<T>> work)
    {
        await using var scope = _services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<WorkerContext>());
    }
}
