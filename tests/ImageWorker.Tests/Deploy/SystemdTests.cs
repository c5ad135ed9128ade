using ImageWorker.Commands;
using static ImageWorker.Tests.Deploy.DeployFiles;

namespace ImageWorker.Tests.Deploy;

public sealed class SystemdTests
{
    private static readonly List<(string Key, string Value)> Unit =
    [
        .. Read("deploy/systemd/imageworker.service")
            .Split('\n')
            .Where(line => line.Contains('=', StringComparison.Ordinal) && line[0] != '#')
            .Select(line => line.Split('=', 2))
            .Select(line => (line[0], line[1])),
    ];

    [Fact]
    public void A_mistake_in_the_configuration_ends_the_unit_in_the_migration_too()
    {
        // Of a command of ExecStartPre systemd does not look at RestartPreventExitStatus.
        Assert.Empty(Values("ExecStartPre"));
        var command = Assert.Single(Values("ExecStart"));
        const string Program = "/usr/bin/dotnet /opt/imageworker/ImageWorker.dll";
        Assert.Equal($"/bin/sh -c '{Program} migrate && exec {Program}'", command);
        Assert.Equal([$"{CommandLine.Misused}"], Values("RestartPreventExitStatus"));
        Assert.Equal(["always"], Values("Restart"));
    }

    [Fact]
    public void The_calls_that_the_runtime_needs_are_let_through()
    {
        // Lines apply in their order: the first says what is let through, those after it take away and add.
        Assert.Equal(["@system-service", "~@privileged @resources", "sched_setaffinity"], Values("SystemCallFilter"));
    }

    private static List<string> Values(string key) =>
        [.. Unit.Where(line => line.Key == key).Select(line => line.Value)];
}
