using ImageWorker.Benchmarks.Load;

namespace ImageWorker.Benchmarks.Chaos;

/// <summary>
/// Kills workers and restarts servers at random moments, one at a time, and has everything running in the end. Beside an
/// older version it also upgrades after a third of that, and rolls back after two.
/// </summary>
public sealed class Saboteur(
    ChaosPlan plan,
    Random random,
    ChaosServers servers,
    WorkerFleet workers,
    WorkerFleet older
)
{
    public int Kills { get; private set; }
    public int ConnectionCuts { get; private set; }
    public int BrokerRestarts { get; private set; }
    public int DatabaseRestarts { get; private set; }

    public async Task RunAsync(CancellationToken ct)
    {
        var acts = Enumerable
            .Repeat(KillWorkerAsync, plan.Kills)
            .Concat(Enumerable.Repeat(CutConnectionsAsync, plan.ConnectionCuts))
            .Concat(Enumerable.Repeat(RestartBrokerAsync, plan.BrokerRestarts))
            .Concat(Enumerable.Repeat(RestartDatabaseAsync, plan.DatabaseRestarts))
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

    private async Task KillWorkerAsync(CancellationToken ct)
    {
        var fleets = new[] { workers, older }.Where(fleet => fleet.Count > 0).ToArray();
        await fleets[random.Next(fleets.Length)].KillOneAsync(random, ct);
        Kills++;
        Console.WriteLine("killed a worker");
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

    private async Task CutConnectionsAsync(CancellationToken ct)
    {
        await servers.RabbitMq.CutConnectionsAsync();
        ct.ThrowIfCancellationRequested();
        ConnectionCuts++;
        Console.WriteLine("cut every connection to RabbitMQ");
    }

    private async Task RestartBrokerAsync(CancellationToken ct)
    {
        await servers.RabbitMq.StopAsync();
        await Task.Delay(OutageAfter(BrokerRestarts), ct);
        await servers.RabbitMq.StartAsync();
        BrokerRestarts++;
        Console.WriteLine("restarted RabbitMQ");
    }

    private async Task RestartDatabaseAsync(CancellationToken ct)
    {
        await servers.Postgres.KillAsync();
        await Task.Delay(OutageAfter(DatabaseRestarts), ct);
        await servers.Postgres.StartAsync();
        DatabaseRestarts++;
        Console.WriteLine("killed and restarted PostgreSQL");
    }

    private TimeSpan OutageAfter(int restarts) => restarts == 0 ? plan.Outage : TimeSpan.FromSeconds(random.Next(1, 5));
}
