using System.CommandLine;

namespace ImageWorker.Benchmarks.Chaos;

/// <summary><c>chaos</c>: whether anything is lost or paid twice while everything fails.</summary>
public static class ChaosCommand
{
    public static Command Create()
    {
        var commands = Option("--commands", 200, "Requests asked for.");
        var replicas = Option("--replicas", 2, "Worker processes.");
        var kills = Option("--kills", 8, "Workers killed with kill -9, and started again.");
        var brokerRestarts = Option("--broker-restarts", 1, "Restarts of RabbitMQ.");
        var databaseRestarts = Option("--database-restarts", 1, "Restarts of PostgreSQL.");
        var cuts = Option("--connection-cuts", 1, "Times that every connection to RabbitMQ is cut.");
        var outage = Option("--outage", 3, "Seconds that the first outage of each server takes.");
        var seconds = Option<int?>("--seconds", null, "How long it goes on; by default what the rest asks for.");
        var older = new Option<string?>("--older")
        {
            Description =
                "A commit of an older version, or 'last' for the last release: its workers begin, migrate comes, this version's workers join them, and in the end the older ones go on alone.",
        };
        var seed = Option<int?>("--seed", null, "Repeats the choices of an earlier run.");

        var command = new Command("chaos", "Break everything while requests run, then count.")
        {
            commands,
            replicas,
            kills,
            brokerRestarts,
            databaseRestarts,
            cuts,
            outage,
            seconds,
            older,
            seed,
        };
        command.SetAction(
            async (parsed, ct) =>
            {
                var commit = parsed.GetValue(older) is "last" ? OlderRelease.Last : parsed.GetValue(older);
                var program = commit is null ? null : await OlderRelease.BuildAsync(commit);
                if (commit is not null && program is null)
                {
                    Console.WriteLine(
                        $"Left out: this checkout has no commit {commit}. 'git fetch --unshallow' gets the history."
                    );
                    return 0;
                }
                var plan = new ChaosPlan
                {
                    Commands = parsed.GetValue(commands),
                    Replicas = parsed.GetValue(replicas),
                    Kills = parsed.GetValue(kills),
                    ConnectionCuts = parsed.GetValue(cuts),
                    BrokerRestarts = parsed.GetValue(brokerRestarts),
                    DatabaseRestarts = parsed.GetValue(databaseRestarts),
                    Outage = TimeSpan.FromSeconds(parsed.GetValue(outage)),
                    Duration = default,
                    Older = program,
                    Seed = parsed.GetValue(seed) ?? Random.Shared.Next(),
                };
                var acts = plan.Kills + plan.ConnectionCuts + plan.BrokerRestarts + plan.DatabaseRestarts;
                plan = plan with
                {
                    Duration = parsed.GetValue(seconds) is { } given
                        ? TimeSpan.FromSeconds(given)
                        : ChaosPlan.DurationFor(plan.Commands, acts),
                };
                var report = await new ChaosRun(plan).RunAsync(ct);
                report.Print();
                return report.IsSound ? 0 : 1;
            }
        );
        return command;
    }

    private static Option<T> Option<T>(string name, T value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}
