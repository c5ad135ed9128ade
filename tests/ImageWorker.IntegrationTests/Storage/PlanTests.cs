using ImageWorker.IntegrationTests.Servers;
using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.IntegrationTests.Storage;

/// <summary>
/// PostgreSQL vacuums a table that is empty most of the time while it is empty, and plans by that until it is analyzed
/// again. A statement must read no more rows for it.
/// </summary>
public sealed class PlanTests(TestServers servers)
{
    private const int Rows = 2_000;
    private const int Limit = 200;

    /// <summary>Each row is found, locked and changed; an index gives it more than once.</summary>
    private const int ReadsOfEach = 6;

    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly Guid[] Ids = [.. Enumerable.Range(0, Rows).Select(_ => Guid.NewGuid())];

    private static readonly Guid[] Calling = [.. Ids.Where((_, index) => index % 4 == 3).Take(Limit)];

    private static readonly NewLease[] Leases =
    [
        .. Calling.Select(id => new NewLease($"{id}"[..16], new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))),
    ];

    private static readonly TurnLine[] Lines = [new(RequestPriority.Normal, Passed: 0, Stride: 1, LastTenant: "")];

    private static readonly Claiming Claiming = new(Guid.NewGuid(), Now, TimeSpan.FromSeconds(30));

    private static readonly Dictionary<string, string> Fillings = new(StringComparer.Ordinal)
    {
        ["outbox"] = """
            INSERT INTO outbox (id, message_id, destination, content_type, body, claimable_at, attempts)
            SELECT id, id, 'exchange:events', 'application/json', repeat('x', 500), '2026-01-01Z', 0 FROM unnest({0}) AS id
            """,
        // By turns withdrawn, closed, waiting, and with a call under way.
        ["requests"] = """
            INSERT INTO requests (
                id, state, version, requested_at, deadline, closed_at, waiting_since, next_tick_at,
                tenant, command, errors, images, submissions)
            SELECT id, (ARRAY['Withdrawn', 'Ready', 'Submitting', 'Submitting'])[kind], 1, '2026-01-01Z', '2027-01-01Z',
                CASE WHEN kind = 2 THEN '2026-01-01Z'::timestamptz END,
                CASE WHEN kind = 3 THEN '2026-01-01Z'::timestamptz END,
                CASE WHEN kind > 2 THEN '2026-01-01Z'::timestamptz END,
                'tenant' || number % 10, '{{"timeoutSeconds":60}}', '[]', '[]',
                json_build_array(json_build_object('id', left(id::text, 16)))
            FROM unnest({0}) WITH ORDINALITY AS filling (id, number), LATERAL (SELECT 1 + (number - 1) % 4) AS of (kind)
            """,
        ["submissions"] = """
            INSERT INTO submissions (id, request_id, state, owner, lease_until, started_at, calls)
            SELECT left(id::text, 16), id, (ARRAY['Accepted', 'Accepted', 'Released', 'Started'])[1 + (number - 1) % 4],
                id, '2026-01-01Z', '2026-01-01Z', 1
            FROM unnest({0}) WITH ORDINALITY AS filling (id, number)
            """,
        ["inbox"] = "INSERT INTO inbox (request_id, removed_at) SELECT id, '2026-01-01Z' FROM unnest({0}) AS id",
        ["costs"] = """
            INSERT INTO costs (day, model, quality, tenant, outcome, slot, requests, images, cost, wasted, unknown)
            SELECT '2025-12-01', 'model', 'quality', id::text, 'ready', 1, 1, 1, 1, 0, 0 FROM unnest({0}) AS id
            """,
    };

    private static readonly Dictionary<string, Func<WorkerContext, Task<int>>> Statements = new(StringComparer.Ordinal)
    {
        ["ClaimTicks"] = async db => (await db.ClaimTicksAsync(Now, Now, Limit, Ct)).Count,
        ["Pick"] = async db => (await db.PickAsync(new(Limit, Lines, Claiming, TenantRoom.Unlimited))).Count,
        ["InsertClaims"] = async db =>
            (await db.InsertClaimsAsync([.. Calling.Select(id => new NewClaim($"{id:n}"[16..], id))], Claiming)).Count,
        ["WaitAgain"] = async db => (await db.WaitAgainAsync(Leases, Now, TimeSpan.FromMinutes(1))).Count,
        ["ReleaseClaims"] = async db =>
        {
            await db.ReleaseClaimsAsync(Leases, Now);
            return Leases.Length;
        },
        ["ClaimOutbox"] = async db => (await db.ClaimOutboxAsync(Now, Now, Limit, Ct)).Count,
        ["PutOff"] = db => db.PutOffAsync(Ids[..Limit], attempts: 1, Now, Ct),
        ["RemoveDelivered"] = db => db.RemoveDeliveredAsync(Ids[..Limit], Ct),
        ["RemoveClosed"] = db => db.RemoveClosedAsync(Now, Now, Limit, Ct),
        ["RemoveWithdrawn"] = db => db.RemoveWithdrawnAsync(Now, Limit, Ct),
        ["RemoveKnown"] = db => db.RemoveKnownAsync(Now, Limit, Ct),
        ["SettleCosts"] = db => db.SettleCostsAsync(DateOnly.FromDateTime(Now.Date), Limit, Ct),
        ["RemoveCosts"] = db => db.RemoveCostsAsync(DateOnly.FromDateTime(Now.Date), Limit, Ct),
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_statement_reads_each_row_a_few_times_after_its_table_was_vacuumed_while_empty()
    {
        var postgres = await servers.CreateDatabaseAsync("plans");
        var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System);
        // What a session comes to by itself after a few calls.
        services.AddStorage($"{postgres};Options=-c plan_cache_mode=force_generic_plan", sqliteFile: "");
        await using var provider = services.BuildServiceProvider();
        var database = provider.GetRequiredService<Database>();
        await database.InAsync(async db =>
        {
            await db.Database.MigrateAsync(Ct);
            await FillAsync(db);
            await db.Database.ExecuteSqlAsync(
                $"DELETE FROM outbox; DELETE FROM submissions; DELETE FROM requests; DELETE FROM inbox; DELETE FROM costs",
                Ct
            );
            await db.Database.ExecuteSqlAsync(
                $"VACUUM (ANALYZE, TRUNCATE off) outbox, submissions, requests, inbox, costs",
                Ct
            );
            await FillAsync(db);
            return true;
        });

        var reads = new Dictionary<string, (int Changed, long Read)>(StringComparer.Ordinal);
        foreach (var (name, statement) in Statements)
            reads.Add(name, await database.InAsync(db => CountAsync(db, statement)));

        Assert.All(
            reads,
            count =>
            {
                Assert.Equal(Limit, count.Value.Changed);
                Assert.True(count.Value.Read <= ReadsOfEach * Limit, $"{count.Key} read {count.Value.Read} rows");
            }
        );
    }

    private static async Task FillAsync(WorkerContext db)
    {
        foreach (var filling in Fillings.Values)
            await db.Database.ExecuteSqlRawAsync(filling, [Ids], Ct);
    }

    /// <summary>How many rows a statement says that it changed, and how many it read for it. It is undone.</summary>
    private static async Task<(int Changed, long Read)> CountAsync(
        WorkerContext db,
        Func<WorkerContext, Task<int>> statement
    )
    {
        await using var transaction = await db.Database.BeginTransactionAsync(Ct);
        var before = await ReadsAsync(db);
        var changed = await statement(db);
        return (changed, await ReadsAsync(db) - before);
    }

    private static async Task<long> ReadsAsync(WorkerContext db)
    {
        var reads = await db
            .Database.SqlQueryRaw<long>(
                """
                SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint AS "Value"
                FROM pg_stat_xact_user_tables
                """
            )
            .ToListAsync(Ct);
        return reads[0];
    }
}
