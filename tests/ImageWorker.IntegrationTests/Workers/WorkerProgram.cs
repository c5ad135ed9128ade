using ImageWorker.Commands;
using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>The executable, as users and container platforms start it.</summary>
internal static class WorkerProgram
{
    /// <summary>What was built beside the tests, or the same compiled ahead of time, which starts in half the time.</summary>
    public static readonly string Dll =
        Environment.GetEnvironmentVariable("IMAGEWORKER_TESTS_PROGRAM") ?? typeof(CommandLine).Assembly.Location;

    /// <summary>Starts it with these settings and none of the test run's own.</summary>
    public static ChildProcess Start(
        IEnumerable<string> arguments,
        IEnumerable<KeyValuePair<string, string?>> settings,
        string? folder = null
    )
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings__RabbitMq"] = null,
            ["ConnectionStrings__Postgres"] = null,
            // A process that lives for seconds is not worth optimizing.
            ["DOTNET_TieredPGO"] = "0",
            ["DOTNET_TC_CallCounting"] = "0",
            ["DOTNET_gcServer"] = "0",
        };
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        return WorkerProcess.Start(Dll, arguments, environment, folder);
    }

    /// <summary>Starts the worker itself, its HTTP endpoints where the settings say or on a free port.</summary>
    public static StartedWorker StartWorker(
        IEnumerable<KeyValuePair<string, string?>> settings,
        string? folder = null
    ) => new(Start(["run"], [new("ASPNETCORE_URLS", "http://127.0.0.1:0"), .. settings], folder));
}
