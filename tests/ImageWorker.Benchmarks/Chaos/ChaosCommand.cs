using System.CommandLine;
using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.Benchmarks.Chaos;

/// <summary><c>chaos</c>: whether anything is lost or paid twice while everything fails.</summary>
public static class ChaosCommand
{
    public static Command Create()
    {
        var commands = Option("--commands", 200, "Requests asked for.");
        var replicas = Option("--replicas", 2, "Worker processes.");
        var acts = new Dictionary<ChaosAct, Option<int>>
        {
            [ChaosAct.Kill] = Option("--kills", 8, "Workers killed with kill -9, and started again."),
            [ChaosAct.WrongClock] = Option(
                "--wrong-clocks",
                1,
                "Those killed whose successor's clock is an hour ahead or behind; needs libfaketime."
            ),
            [ChaosAct.Freeze] = Option("--freezes", 1, "Workers frozen for 1 to 20 s."),
            [ChaosAct.ConnectionCut] = Option(
                "--connection-cuts",
                1,
                "Times that every connection to RabbitMQ is cut."
            ),
            [ChaosAct.SessionsEnded] = Option(
                "--sessions-ended",
                1,
                "Times that PostgreSQL ends two of the workers' sessions a second, for 5 s."
            ),
            [ChaosAct.Silence] = Option(
                "--silences",
                1,
                "Times that the connections of this version's workers to a server fall silent, one way or both."
            ),
            [ChaosAct.BrokerRestart] = Option("--broker-restarts", 1, "Restarts of RabbitMQ."),
            [ChaosAct.DatabaseRestart] = Option("--database-restarts", 1, "Restarts of PostgreSQL."),
        };
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
            outage,
            seconds,
            older,
            seed,
        };
        foreach (var option in acts.Values)
            command.Options.Add(option);
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
                var asked = acts.ToDictionary(act => act.Key, act => parsed.GetValue(act.Value));
                if (asked[ChaosAct.WrongClock] > 0 && !FakedTime.IsThere)
                {
                    Console.WriteLine("Left out: wrong clocks. They need Debian's package faketime.");
                    asked[ChaosAct.WrongClock] = 0;
                }
                var plan = new ChaosPlan
                {
                    Commands = parsed.GetValue(commands),
                    Replicas = parsed.GetValue(replicas),
                    Acts = asked,
                    Outage = TimeSpan.FromSeconds(parsed.GetValue(outage)),
                    Duration = default,
                    Older = program,
                    Seed = parsed.GetValue(seed) ?? Random.Shared.Next(),
                };
                plan = plan with
                {
                    Duration = parsed.GetValue(seconds) is { } given
                        ? TimeSpan.FromSeconds(given)
                        : ChaosPlan.DurationFor(plan.Commands, plan.Acts.Values.Sum()),
                };
                var report = await new ChaosRun(plan).RunAsync(ct);
                report.Print();
                return report.IsSound ? 0 : 1;
            }
        );
        return command;
    }

    /// <summary>As people write it: <c>database restart</c>.</summary>
    public static string NameOf(ChaosAct act) =>
        string.Concat(
                $"{act}".Select(letter => char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : $"{letter}")
            )
            .TrimStart();

    private static Option<T> Option<T>(string name, T value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}
