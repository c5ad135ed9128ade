using System.Diagnostics;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>Starts a built .NET program as a process of its own, for tests of what a crash or a stop does to it.</summary>
public static class WorkerProcess
{
    /// <summary>Runs <c>dotnet X.dll arguments</c> in a folder, by default that of the program, so that it finds its
    /// appsettings. The environment is added to the test process's own; a null value removes a variable.</summary>
    public static ChildProcess Start(
        string dll,
        IEnumerable<string> arguments,
        IEnumerable<KeyValuePair<string, string?>> environment,
        string? folder = null
    )
    {
        var startInfo = new ProcessStartInfo(Environment.ProcessPath is { } host && IsDotnet(host) ? host : "dotnet")
        {
            WorkingDirectory = folder ?? Path.GetDirectoryName(Path.GetFullPath(dll)),
        };
        startInfo.ArgumentList.Add(Path.GetFullPath(dll));
        foreach (var argument in arguments)
        {
            startInfo.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            startInfo.Environment[name] = value;
        }

        return ChildProcess.Start(startInfo);
    }

    private static bool IsDotnet(string path) => Path.GetFileNameWithoutExtension(path) == "dotnet";
}
