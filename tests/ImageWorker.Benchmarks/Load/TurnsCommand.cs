using System.CommandLine;
using System.Diagnostics;
using ImageWorker.Storage;
using ImageWorker.Submission;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Benchmarks.Load;

/// <summary><c>turns</c>: what it costs to pick and claim whose turn is next, by what waits.</summary>
public static class TurnsCommand
{
    private const int Each = 8;

    public static Command Create()
    {
        var picks = new Option<int>("--picks")
        {
            Description = $"Picks of {Each} requests to measure.",
            DefaultValueFactory = _ => 500,
        };
        var command = new Command("turns", "Measure picks among 20,000 and 200,000 waiting requests.") { picks };
        command.SetAction((parsed, ct) => RunAsync(parsed.GetValue(picks), ct));
        return command;
    }

    private static async Task<int> RunAsync(int picks, CancellationToken ct)
    {
        await using var servers = new BenchmarkServers();
        await servers.InitializeAsync();
        foreach (var tenants in (int[])[1, 1000])
        {
            foreach (var waiting in (int[])[20_000, 200_000])
                await MeasureAsync(await servers.CreateDatabaseAsync("turns"), waiting, tenants, picks, ct);
        }
        return 0;
    }

    private static async Task MeasureAsync(string postgres, int waiting, int tenants, int picks, CancellationToken ct)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddStorage(postgres, "");
        await using var provider = services.BuildServiceProvider();
        var database = provider.GetRequiredService<Database>();
        await database.InAsync(async db =>
        {
            await db.Database.MigrateAsync(ct);
            db.Database.SetCommandTimeout(TimeSpan.FromMinutes(5));
            await db.Database.ExecuteSqlAsync(
                $$"""
                INSERT INTO requests (id, state, version, command, requested_at, deadline, next_tick_at, errors, images,
                    submissions, tenant, waiting_since)
                SELECT id, 'Submitting', 1, '{"prompt":"a load of foxes","count":1,"timeoutSeconds":1800}', now(),
                    now() + interval '30 days', now() + interval '1 minute', '[]', '[{"number":0,"state":"Submitting"}]',
                    format('[{"id":"%s","imageNumbers":[0]}]', left(md5(id::text), 16))::json,
                    'tenant' || number % {{tenants}}, now() + number * interval '1 millisecond'
                FROM (SELECT gen_random_uuid() AS id, number FROM generate_series(1, {{waiting}}) AS number) AS made
                """,
                ct
            );
            return await db.Database.ExecuteSqlRawAsync("VACUUM ANALYZE", ct);
        });
        var order = new TurnOrder();
        var times = new List<double>();
        for (var pick = 0; pick < picks; pick++)
        {
            var begun = Stopwatch.GetTimestamp();
            var picked = await database.InAsync(db =>
                db.PickAsync(
                    new(
                        Each,
                        order.Lines,
                        new(Guid.NewGuid(), TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(45)),
                        TenantRoom.Unlimited
                    )
                )
            );
            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            order.Note(picked.Select(next => (next.Request.Priority, next.Request.Tenant)));
            if (picked.Count != Each)
                throw new InvalidOperationException($"{picked.Count} of {Each} were picked.");
        }
        // The first are slow, because their plans are made.
        var sorted = times.Skip(picks / 5).Order().ToList();
        Console.WriteLine(
            FormattableString.Invariant(
                $"{waiting, 7} waiting, {tenants, 4} tenants: {sorted[sorted.Count / 2]:0.00} ms a pick of {Each} (p95 {sorted[sorted.Count * 95 / 100]:0.00})"
            )
        );
    }
}
