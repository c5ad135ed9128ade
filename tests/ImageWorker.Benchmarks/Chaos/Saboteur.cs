using ImageWorker.Benchmarks.Load;
using Npgsql;

namespace ImageWorker.Benchmarks.Chaos;

/// <summary>
/// Does all acts at random moments, one at a time, and has everything running in the end. Beside an older version it also
/// upgrades after a third of that, and rolls back after two.
/// </summary>
internal sealed class Saboteur(
    ChaosPlan plan,
    Random random,
    ChaosServers servers,
    ChaosNetwork network,
    WorkerFleet workers,
    WorkerFleet older
)
{
    private const int SecondsOfEnding = 5;

    private static readonly TimeSpan Wrong = TimeSpan.FromHours(1);

    private readonly Dictionary<ChaosAct, int> _done = plan.Acts.ToDictionary(act => act.Key, _ => 0);

    /// <summary>How often each act was done.</summary>
    public IReadOnlyDictionary<ChaosAct, int> Done => _done;

    public async Task RunAsync(CancellationToken ct)
    {
        var acts = plan
            .Acts.SelectMany(act =>
                Enumerable.Repeat((Func<CancellationToken, Task>)(ct => DoAsync(act.Key, ct)), act.Value)
            )
            .ToArray();
        random.Shuffle(acts);
        if (plan.Older is not null)
        {
            var third = acts.Length / 3;
            acts = [.. acts[..third], UpgradeAsync, .. acts[third..^third], RollBackAsync, .. acts[^third..]];
        }
        foreach (var act in acts)
        {
            await Task.Delay(plan.Duration / acts.Length * (0.5 + random.NextDouble()), ct);
            await act(ct);
        }
    }

    private async Task DoAsync(ChaosAct act, CancellationToken ct)
    {
        var told = act switch
        {
            ChaosAct.Kill => await KillWorkerAsync(ahead: TimeSpan.Zero, ct),
            ChaosAct.WrongClock => await KillWorkerAsync(ahead: random.Next(2) == 0 ? Wrong : -Wrong, ct),
            ChaosAct.Freeze => await FreezeWorkerAsync(ct),
            ChaosAct.ConnectionCut => await CutConnectionsAsync(),
            ChaosAct.SessionsEnded => await EndSessionsAsync(ct),
            ChaosAct.Silence => $"silence: {network.Silence(random)}",
            ChaosAct.BrokerRestart => await RestartBrokerAsync(ct),
            ChaosAct.DatabaseRestart => await RestartDatabaseAsync(ct),
            _ => throw new ArgumentOutOfRangeException(nameof(act), act, null),
        };
        _done[act]++;
        Console.WriteLine(told);
    }

    private WorkerFleet SomeFleet()
    {
        var fleets = new[] { workers, older }.Where(fleet => fleet.Count > 0).ToArray();
        return fleets[random.Next(fleets.Length)];
    }

    private async Task<string> KillWorkerAsync(TimeSpan ahead, CancellationToken ct)
    {
        await SomeFleet().KillOneAsync(random, ct, ahead);
        return ahead == TimeSpan.Zero
            ? "killed a worker"
            : $"killed a worker; the next one's clock is {ahead.TotalHours:+0;-0} h off";
    }

    private async Task<string> FreezeWorkerAsync(CancellationToken ct)
    {
        var time = TimeSpan.FromSeconds(1 + 19 * random.NextDouble());
        await SomeFleet().FreezeOneAsync(random, time, ct);
        return $"froze a worker for {time.TotalSeconds:0} s";
    }

    private async Task UpgradeAsync(CancellationToken ct)
    {
        await workers.MigrateAsync(ct);
        await workers.StartAsync(plan.Replicas, ct);
        Console.WriteLine($"migrated, and started this version's workers beside {older.Count} older ones");
    }

    /// <summary>One is killed, the others end in order.</summary>
    private async Task RollBackAsync(CancellationToken ct)
    {
        await workers.KillOneAsync(random, ct);
        await workers.StopAsync();
        Console.WriteLine("rolled back");
    }

    private async Task<string> CutConnectionsAsync()
    {
        await servers.RabbitMq.CutConnectionsAsync();
        return "cut every connection to RabbitMQ";
    }

    private async Task<string> EndSessionsAsync(CancellationToken ct)
    {
        await using var database = NpgsqlDataSource.Create(servers.PostgresConnectionString);
        var ended = 0;
        for (var time = 0; time < SecondsOfEnding; time++)
        {
            await using var command = database.CreateCommand(
                """
                SELECT count(pg_terminate_backend(pid))
                FROM (SELECT pid FROM pg_stat_activity WHERE usename = 'chaos' ORDER BY random() LIMIT 2) AS sessions
                """
            );
            ended += (int)(long)(await command.ExecuteScalarAsync(ct))!;
            await Task.Delay(TimeSpan.FromSeconds(1), ct);
        }
        return $"ended {ended} sessions";
    }

    private async Task<string> RestartBrokerAsync(CancellationToken ct)
    {
        await servers.RabbitMq.StopAsync();
        await Task.Delay(OutageAfter(_done[ChaosAct.BrokerRestart]), ct);
        await servers.RabbitMq.StartAsync();
        return "restarted RabbitMQ";
    }

    private async Task<string> RestartDatabaseAsync(CancellationToken ct)
    {
        await servers.Postgres.KillAsync();
        await Task.Delay(OutageAfter(_done[ChaosAct.DatabaseRestart]), ct);
        await servers.Postgres.StartAsync();
        return "killed and restarted PostgreSQL";
    }

    private TimeSpan OutageAfter(int restarts) => restarts == 0 ? plan.Outage : TimeSpan.FromSeconds(random.Next(1, 5));
}
