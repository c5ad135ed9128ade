using System.Diagnostics;
using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using static Microsoft.Extensions.Options.Options;

namespace ImageWorker.IntegrationTests.Storage;

/// <summary>Several workers on one PostgreSQL database, their clocks far apart or their statements at the same time.</summary>
public sealed class LedgerTests(TestServers servers) : IAsyncLifetime
{
    private const string Id = "0123456789abcdef";

    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30 + 5) + SettleTime;

    private readonly Guid _requestId = Guid.NewGuid();
    private readonly Stopping _stopping = new();
    private ServiceProvider _services = null!;
    private string _postgres = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _postgres = await servers.CreateDatabaseAsync("ledger");
        _services = Open(_postgres);
        await InDatabaseAsync(async db =>
        {
            await db.Database.MigrateAsync(Ct);
            return true;
        });
        await AddRequestAsync(_requestId);
    }

    public ValueTask DisposeAsync()
    {
        _stopping.Dispose();
        return _services.DisposeAsync();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 0)]
    [InlineData(-1, 1)]
    public async Task A_lease_lasts_as_long_for_a_worker_whose_clock_is_hours_ahead(int claimer, int other)
    {
        var claim = await LedgerOf(claimer).ClaimAsync(new(Id, _requestId), Ct);

        var seen = await LedgerOf(other).ClaimAsync(new(Id, _requestId), Ct);

        Assert.True(LedgerOf(claimer).HasTimeForCall(Assert.IsType<Claim.Fresh>(claim)));
        Assert.Equal(((Claim.Fresh)claim).LeaseUntil - SettleTime, Assert.IsType<Claim.Leased>(seen).Until);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_lease_that_is_over_is_over_for_every_clock(int other)
    {
        var claim = Assert.IsType<Claim.Fresh>(await LedgerOf(0).ClaimAsync(new(Id, _requestId), Ct));
        await NoteAsync(new(Id, claim.LeaseUntil, LedgerState.Started) { LeaseUntil = claim.LeaseUntil - Lease });

        var doubt = Assert.IsType<Claim.InDoubt>(await LedgerOf(other).ClaimAsync(new(Id, _requestId), Ct));
        var again = await LedgerOf(other).RetakeAsync(new(Id, _requestId), doubt, Ct);
        var seen = await LedgerOf(-other).ClaimAsync(new(Id, _requestId), Ct);

        Assert.True(doubt.IsConclusive);
        Assert.Equal(again!.LeaseUntil - SettleTime, Assert.IsType<Claim.Leased>(seen).Until);
        Assert.InRange(again.LeaseUntil - claim.LeaseUntil, TimeSpan.Zero, Lease);
    }

    [Fact]
    public async Task A_worker_that_has_not_watched_the_databases_clock_for_a_lease_takes_nothing_over()
    {
        var claim = Assert.IsType<Claim.Fresh>(await LedgerOf(0).ClaimAsync(new(Id, _requestId), Ct));
        await NoteAsync(new(Id, claim.LeaseUntil, LedgerState.Started) { LeaseUntil = claim.LeaseUntil - Lease });

        var seen = await LedgerOf(0, watched: TimeSpan.Zero).ClaimAsync(new(Id, _requestId), Ct);

        var doubt = Assert.IsType<Claim.InDoubt>(seen);
        Assert.False(doubt.IsConclusive);
        Assert.InRange(doubt.ConclusiveAt, claim.LeaseUntil, claim.LeaseUntil + Lease);
    }

    [Theory]
    [InlineData(9, false)]
    [InlineData(12, true)]
    public async Task A_call_that_was_seen_to_end_may_be_made_again_once_that_has_settled(
        int watched,
        bool isConclusive
    )
    {
        var claim = Assert.IsType<Claim.Fresh>(await LedgerOf(0).ClaimAsync(new(Id, _requestId), Ct));
        // As if the database's clock had been set forward since.
        var settled = claim.LeaseUntil - Lease;
        await NoteAsync(LedgerOf(0).EndInDoubt(Id, claim) with { LeaseUntil = settled, SettledAt = settled });
        var other = LedgerOf(0, TimeSpan.FromSeconds(watched));

        var seen = Assert.IsType<Claim.InDoubt>(await other.ClaimAsync(new(Id, _requestId), Ct));

        Assert.Equal(isConclusive, seen.IsConclusive);
    }

    [Fact]
    public async Task A_call_that_was_seen_to_end_is_looked_up_by_any_worker_and_a_call_after_it_by_none()
    {
        var claim = Assert.IsType<Claim.Fresh>(await LedgerOf(0).ClaimAsync(new(Id, _requestId), Ct));
        await NoteAsync(LedgerOf(0).EndInDoubt(Id, claim));

        var early = Assert.IsType<Claim.InDoubt>(await LedgerOf(0).ClaimAsync(new(Id, _requestId), Ct));
        await LedgerOf(0).RetakeAsync(new(Id, _requestId), early, Ct);

        Assert.False(early.IsConclusive);
        Assert.IsType<Claim.Leased>(await LedgerOf(0).ClaimAsync(new(Id, _requestId), Ct));
    }

    [Fact]
    public async Task Once_the_database_forgot_nobody_takes_over_for_a_lease()
    {
        var ledger = LedgerOf(0);
        var claim = Assert.IsType<Claim.Fresh>(await ledger.ClaimAsync(new(Id, _requestId), Ct));
        await NoteAsync(new(Id, claim.LeaseUntil, LedgerState.Started) { LeaseUntil = claim.LeaseUntil - Lease });
        Assert.True(Assert.IsType<Claim.InDoubt>(await ledger.ClaimAsync(new(Id, _requestId), Ct)).IsConclusive);
        var timeline = _services.GetRequiredService<DatabaseTimeline>();
        var look = await timeline.LookAsync();

        await InDatabaseAsync(async db =>
        {
            await db.NoteTimelineAsync(look, isForgetful: true, DatabaseTimeline.LookUpFor);
            return true;
        });
        await timeline.LookAsync();

        // Another worker may have taken the call over, and that may be what was forgotten.
        var seen = Assert.IsType<Claim.InDoubt>(await ledger.ClaimAsync(new(Id, _requestId), Ct));
        Assert.False(seen.IsConclusive);
        Assert.InRange(seen.ConclusiveAt, claim.LeaseUntil, claim.LeaseUntil + Lease);
    }

    [Fact]
    public async Task A_call_that_ended_in_doubt_settles_by_the_databases_clock()
    {
        var ledger = LedgerOf(-1);
        // The first statement of a process is slow, and a claim counts from before it.
        await ledger.ClaimAsync(new("another", _requestId), Ct);
        var claim = Assert.IsType<Claim.Fresh>(await ledger.ClaimAsync(new(Id, _requestId), Ct));

        var settled = ledger.EndInDoubt(Id, claim).LeaseUntil!.Value;

        var now = await InDatabaseAsync(db => db.LeaseClockAsync(default));
        Assert.InRange(settled - now, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10.5));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Once_a_request_is_seen_stopped_no_claim_for_it_is_still_to_come(bool wasReleased)
    {
        if (wasReleased)
        {
            var first = Assert.IsType<Claim.Fresh>(await LedgerOf(0).ClaimAsync(new(Id, _requestId), Ct));
            await NoteAsync(new(Id, first.LeaseUntil, LedgerState.Released));
        }
        await InDatabaseAsync(db =>
            db.Database.ExecuteSqlAsync(
                $"""
                CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF TG_OP = 'UPDATE' OR NOT EXISTS (SELECT FROM submissions WHERE id = NEW.id) THEN
                    PERFORM pg_sleep(0.5);
                  END IF;
                  RETURN NEW;
                END $$;
                CREATE TRIGGER linger BEFORE INSERT OR UPDATE ON submissions FOR EACH ROW EXECUTE FUNCTION linger();
                """,
                Ct
            )
        );

        var claims = LedgerOf(0).ClaimAsync(new(Id, _requestId), Ct);
        // It is in the middle of its statement, and has read that the request wants it.
        await Eventually.PassesAsync(async () => Assert.Equal([1], await InDatabaseAsync(LingeringAsync)));
        await StopAsync();
        var seen = await LedgerOf(0).LookAsync(Id, _requestId, Ct);

        Assert.IsType<Claim.Leased>(seen);
        Assert.IsType<Claim.Fresh>(await claims);

        static Task<List<int>> LingeringAsync(WorkerContext db) =>
            db
                .Database.SqlQuery<int>(
                    $"""
                    SELECT count(*)::int AS "Value" FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event = 'PgSleep'
                    """
                )
                .ToListAsync(Ct);
    }

    [Fact]
    public async Task What_was_stopped_since_it_was_looked_at_is_not_retaken()
    {
        var ledger = LedgerOf(0);
        var claim = Assert.IsType<Claim.Fresh>(await ledger.ClaimAsync(new(Id, _requestId), Ct));
        await NoteAsync(new(Id, claim.LeaseUntil, LedgerState.Started) { LeaseUntil = claim.LeaseUntil - Lease });
        var doubt = Assert.IsType<Claim.InDoubt>(await ledger.ClaimAsync(new(Id, _requestId), Ct));
        await StopAsync();

        Assert.Null(await ledger.RetakeAsync(new(Id, _requestId), doubt, Ct));
    }

    // The second as a pooler in transaction mode needs it, so that no session has a lock timeout of its own.
    [Theory]
    [InlineData("")]
    [InlineData(";Max Auto Prepare=0")]
    public async Task Only_the_claim_whose_request_is_locked_waits(string settings)
    {
        await _services.DisposeAsync();
        _services = Open(_postgres + settings);
        var other = Guid.NewGuid();
        await AddRequestAsync(other);
        await using var scope = _services.CreateAsyncScope();
        var forgotten = scope.ServiceProvider.GetRequiredService<WorkerContext>();
        await using var transaction = await forgotten.Database.BeginTransactionAsync(Ct);
        await forgotten.Database.ExecuteSqlAsync($"SELECT FROM requests WHERE id = {_requestId} FOR UPDATE", Ct);
        var ledger = LedgerOf(0);

        var (held, free) = (
            ledger.ClaimAsync(new(Id, _requestId), Ct),
            ledger.ClaimAsync(new("fedcba9876543210", other), Ct)
        );

        Assert.IsType<Claim.Fresh>(await free);
        await Assert.ThrowsAsync<RequestLockedException>(() => held);
        await Assert.ThrowsAsync<RequestLockedException>(() => ledger.ClaimAsync(new(Id, _requestId), Ct));
        await transaction.RollbackAsync(Ct);
        var claim = Assert.IsType<Claim.Fresh>(await ledger.ClaimAsync(new(Id, _requestId), Ct));

        await NoteAsync(new(Id, claim.LeaseUntil, LedgerState.Started) { LeaseUntil = claim.LeaseUntil - Lease });
        var doubt = Assert.IsType<Claim.InDoubt>(await ledger.ClaimAsync(new(Id, _requestId), Ct));
        await using var again = await forgotten.Database.BeginTransactionAsync(Ct);
        await forgotten.Database.ExecuteSqlAsync($"SELECT FROM submissions WHERE id = {Id} FOR UPDATE", Ct);
        await Assert.ThrowsAsync<RequestLockedException>(() => ledger.RetakeAsync(new(Id, _requestId), doubt, Ct));
    }

    private static ServiceProvider Open(string postgres)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddStorage(postgres, "");
        return services.BuildServiceProvider();
    }

    /// <summary>
    /// Of a worker of its own, whose clock is so many hours ahead, and which has watched the database's clock for long.
    /// </summary>
    private SubmissionLedger LedgerOf(int hours, TimeSpan? watched = null)
    {
        var clock = WatchedFor(watched ?? Lease + Lease);
        return new(
            _services.GetRequiredService<Database>(),
            _services.GetRequiredService<DatabaseTimeline>(),
            clock,
            _services.GetRequiredService<LockedRequests>(),
            new(),
            _stopping,
            Create(new ZpkOptions()),
            new(Create(new SubmissionOptions()), Create(new TenantOptions()), clock, TimeProvider.System),
            new SkewedClock(TimeSpan.FromHours(hours))
        );
    }

    private static DatabaseClock WatchedFor(TimeSpan time)
    {
        var clock = new DatabaseClock(TimeProvider.System, NullLogger<DatabaseClock>.Instance);
        var before = TimeProvider.System.GetTimestamp() - (long)(time.TotalSeconds * Stopwatch.Frequency);
        clock.Note(TimeProvider.System.GetUtcNow() - time, before);
        return clock;
    }

    private Task<int> AddRequestAsync(Guid id) =>
        InDatabaseAsync(db =>
        {
            db.Requests.Add(
                new()
                {
                    CorrelationId = id,
                    State = nameof(RequestStateMachine.Submitting),
                    Deadline = DateTimeOffset.MaxValue.AddYears(-1),
                    Command = new GenerateImages { RequestId = id, Prompt = "fox" },
                }
            );
            return db.SaveChangesAsync(Ct);
        });

    private Task<int> StopAsync() =>
        InDatabaseAsync(db =>
            db.Requests.ExecuteUpdateAsync(
                set => set.SetProperty(request => request.State, nameof(RequestStateMachine.Closing)),
                Ct
            )
        );

    private Task<IReadOnlyList<Exception?>> NoteAsync(LedgerNote note) =>
        InDatabaseAsync(db => db.SaveAsync([new UnitOfWork { Ledger = note }], DateTimeOffset.UnixEpoch));

    private async Task<T> InDatabaseAsync<T>(Func<WorkerContext, Task<T>> work)
    {
        await using var scope = _services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<WorkerContext>());
    }

    /// <summary>For it a claim takes no time, however slow the machine is.</summary>
    private sealed class SkewedClock(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;

        public override long GetTimestamp() => 0;
    }
}
