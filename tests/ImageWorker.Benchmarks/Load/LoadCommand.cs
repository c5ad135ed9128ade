using System.CommandLine;

namespace ImageWorker.Benchmarks.Load;

/// <summary><c>load</c>: how fast, how dear, how late.</summary>
public static class LoadCommand
{
    public static Command Create()
    {
        var requests = Number("--requests", 1000, "Commands to publish.");
        var images = Number("--images", 2, "Images a request.");
        var seconds = Number("--seconds", 2d, "Generation time.");
        var rate = Number("--rate", 0d, "Commands a second; 0 publishes a backlog.");
        var warmUp = Number("--warm-up", 0, "Commands before those that are measured; the workers run then.");
        var workers = Number("--workers", 1, "Worker processes.");
        var waitError = Number("--wait-error", 1d, "ZPK's estimates are wrong by up to this factor either way.");
        var callSeconds = Number("--call-seconds", 0d, "How long every call to ZPK takes.");
        var closed = Number("--closed", 0, "Closed requests that the database has before.");
        var callbacks = new Option<bool>("--callbacks") { Description = "Ask for callbacks." };
        var patience = Number("--patience", 900d, "Seconds after which what is not closed is lost.");
        var limits = Words(
            "--limit",
            "A limit of the simulator, as \"bucket 50/s burst 50\"; how well it is kept is told."
        );
        var changes = Words("--change", "A limit that replaces them later, as \"20s: bucket 20/s burst 20\".");
        var faults = Words("--faults", "A fault of the simulator, as \"http-429 3%\".");
        var kill = new Option<double?>("--kill")
        {
            Description = "Seconds after which one worker gets kill -9, and is started again.",
        };
        var outages = Words(
            "--outage",
            "What is away for a while, as \"api 60s for 600s\"; also workers (kill -9), database and broker."
        );
        var beside = Words("--beside", "A tenant that sends a few requests beside the backlog, as \"shop 1/s high\".");
        var besideSeconds = Number("--beside-seconds", 60d, "For how long it does.");
        var calls = new Option<FileInfo?>("--calls") { Description = "Write the calls of each second there, as CSV." };
        var other = new Option<string?>("--other")
        {
            Description = "Another version's ImageWorker.dll; one worker of it runs beside those measured.",
        };
        var rollback = new Option<double?>("--rollback")
        {
            Description = "Seconds after which that one is left alone.",
        };
        var program = Program();

        var command = new Command("load", "Publish a load and print what it took.")
        {
            requests,
            images,
            seconds,
            rate,
            warmUp,
            workers,
            waitError,
            callSeconds,
            closed,
            callbacks,
            patience,
            limits,
            changes,
            faults,
            kill,
            outages,
            beside,
            besideSeconds,
            calls,
            other,
            rollback,
            program,
        };
        command.SetAction(
            async (parsed, ct) =>
            {
                try
                {
                    var plan = new LoadPlan(
                        parsed.GetValue(requests),
                        parsed.GetValue(images),
                        TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                        parsed.GetValue(rate),
                        parsed.GetValue(warmUp),
                        parsed.GetValue(workers),
                        parsed.GetValue(waitError),
                        TimeSpan.FromSeconds(parsed.GetValue(callSeconds)),
                        parsed.GetValue(closed),
                        parsed.GetValue(callbacks),
                        TimeSpan.FromSeconds(parsed.GetValue(patience)),
                        new(
                            parsed.GetRequiredValue(limits),
                            [.. parsed.GetRequiredValue(changes).Select(LimitChange.Parse)],
                            parsed.GetRequiredValue(faults),
                            parsed.GetValue(kill) is { } at ? TimeSpan.FromSeconds(at) : null,
                            [.. parsed.GetRequiredValue(outages).Select(Outage.Parse)]
                        ),
                        [.. parsed.GetRequiredValue(beside).Select(BesideLoad.Parse)],
                        TimeSpan.FromSeconds(parsed.GetValue(besideSeconds)),
                        parsed.GetValue(calls)?.FullName,
                        parsed.GetValue(other),
                        parsed.GetValue(rollback) is { } back ? TimeSpan.FromSeconds(back) : null,
                        parsed.GetValue(program)
                    );
                    var report = await LoadRun.RunAsync(plan, ct);
                    report.Print();
                    return report.IsSound ? 0 : 1;
                }
                catch (FormatException wrong)
                {
                    await Console.Error.WriteLineAsync(wrong.Message);
                    return 2;
                }
            }
        );
        return command;
    }

    /// <summary>Which build of the worker is measured.</summary>
    public static Option<string?> Program() =>
        new("--program") { Description = "The ImageWorker.dll to run; by default the one built with this." };

    private static Option<T> Number<T>(string name, T value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    /// <summary>One or more, each in quotation marks.</summary>
    private static Option<string[]> Words(string name, string description) =>
        new(name)
        {
            Description = description,
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
}
