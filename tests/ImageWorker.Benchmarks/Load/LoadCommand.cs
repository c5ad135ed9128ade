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
        var warmUp = Number("--warm-up", 0, "With a rate: commands before those that are measured.");
        var workers = Number("--workers", 1, "Worker processes.");
        var waitError = Number("--wait-error", 1d, "ZPK's estimates are wrong by up to this factor either way.");
        var callSeconds = Number("--call-seconds", 0d, "How long every call to ZPK takes.");
        var closed = Number("--closed", 0, "Closed requests that the database has before.");
        var callbacks = new Option<bool>("--callbacks") { Description = "Ask for callbacks." };

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
            program,
        };
        command.SetAction(
            async (parsed, ct) =>
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
                    parsed.GetValue(program)
                );
                var report = await LoadRun.RunAsync(plan, ct);
                report.Print();
                return report.IsSound ? 0 : 1;
            }
        );
        return command;
    }

    /// <summary>Which build of the worker is measured.</summary>
    public static Option<string?> Program() =>
        new("--program") { Description = "The ImageWorker.dll to run; by default the one built with this." };

    private static Option<T> Number<T>(string name, T value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}
