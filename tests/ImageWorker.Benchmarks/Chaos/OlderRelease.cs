using System.Diagnostics;
using ImageWorker.IntegrationTests.Deploy;
using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.Benchmarks.Chaos;

/// <summary>An older version of the worker, built from the repository's history.</summary>
public static class OlderRelease
{
    /// <summary>The release that users run before this one. It moves with each release.</summary>
    public const string Last = "838c7828bf71f710a3b8ed160cfb331a9a505f1f";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Builds it, unless it is built already.</summary>
    /// <returns>Its <c>ImageWorker.dll</c>; null if this checkout does not have the commit.</returns>
    public static async Task<string?> BuildAsync(string commit)
    {
        if (await RunAsync($"git rev-parse --quiet --verify '{commit}^{{commit}}'") is not { } name)
            return null;
        // Not in the checkout, whose documents and sources are tested.
        var folder = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData),
            "imageworker-releases",
            name.Trim()
        );
        var dll = Path.Combine(folder, "src", "ImageWorker", "bin", "Release", "net10.0", "ImageWorker.dll");
        if (File.Exists(dll))
            return dll;
        Console.WriteLine($"building {commit}");
        var built = await RunAsync(
            $"mkdir -p {folder} && git archive {name.Trim()} | tar -x -C {folder} && "
                + $"cd {folder} && dotnet build src/ImageWorker -c Release -nologo -v q -p:RunAnalyzersDuringBuild=false"
        );
        return built is not null ? dll : throw new InvalidOperationException($"{commit} could not be built.");
    }

    /// <summary>What it wrote; null if it failed.</summary>
    private static async Task<string?> RunAsync(string script)
    {
        await using var shell = ChildProcess.Start(
            new ProcessStartInfo("sh", ["-c", script]) { WorkingDirectory = Checkout.At() }
        );
        if (await shell.WaitForExitAsync(Patience) == 0)
            return string.Join('\n', shell.OutputLines);
        Console.WriteLine(string.Join('\n', shell.Lines));
        return null;
    }
}
