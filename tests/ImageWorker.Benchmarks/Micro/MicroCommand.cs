using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;

namespace ImageWorker.Benchmarks.Micro;

/// <summary><c>micro</c>: the hot parts one by one, by BenchmarkDotNet.</summary>
public static class MicroCommand
{
    public static Command Create()
    {
        var filter = new Option<string>("--filter")
        {
            Description = "Which benchmarks, with '*' for any text.",
            DefaultValueFactory = _ => "*",
        };
        var command = new Command("micro", "Measure the hot parts one by one.") { filter };
        command.SetAction(parsed =>
        {
            BenchmarkSwitcher
                .FromAssembly(typeof(MicroCommand).Assembly)
                .Run(
                    ["--filter", parsed.GetValue(filter)!, "--job", "short", "--memory"],
                    DefaultConfig.Instance.WithArtifactsPath(Path.Combine(Path.GetTempPath(), "imageworker-benchmarks"))
                );
            return 0;
        });
        return command;
    }
}
