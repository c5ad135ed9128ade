using System.Diagnostics;
using System.Runtime.InteropServices;
using ImageWorker.Tests.Deploy;

namespace ImageWorker.Tests.Docs;

/// <summary>Every C# sample of every page is a whole program, built by the SDK's own compiler.</summary>
public sealed class SampleTests
{
    private const string Fence = "```csharp\n";

    private static readonly string[] Options =
    [
        "-nologo",
        "-nostdlib",
        "-nullable:enable",
        "-langversion:latest",
        "-out:sample.dll",
    ];

    /// <summary>What a new project has by itself (<c>ImplicitUsings</c>).</summary>
    private static readonly string Usings = string.Concat(
        new[]
        {
            "System",
            "System.Collections.Generic",
            "System.IO",
            "System.Linq",
            "System.Net.Http",
            "System.Threading",
            "System.Threading.Tasks",
        }.Select(name => $"global using {name};\n")
    );

    public static TheoryData<string, string> Samples { get; } =
        new(
            Directory
                .EnumerateFiles(DeployFiles.At("."), "*.md", SearchOption.AllDirectories)
                .Where(page =>
                    !page.Contains("/bin/", StringComparison.Ordinal)
                    && !page.Contains("/node_modules/", StringComparison.Ordinal)
                )
                .SelectMany(page =>
                    File.ReadAllText(page)
                        .Split(Fence)
                        .Skip(1)
                        .Select(part => new TheoryDataRow<string, string>(
                            Path.GetRelativePath(DeployFiles.At("."), page),
                            part.Split("```")[0]
                        ))
                )
        );

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task It_compiles(string page, string sample)
    {
        var folder = Directory.CreateTempSubdirectory("imageworker-sample-");
        try
        {
            var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
            await WriteAsync("usings.cs", Usings);
            await WriteAsync("sample.cs", sample);
            await WriteAsync(
                "options.rsp",
                string.Join(
                    '\n',
                    Options
                        .Concat(references.Select(reference => $"-r:\"{reference}\""))
                        .Concat(["usings.cs", "sample.cs"])
                )
            );

            using var compiler = Process.Start(
                new ProcessStartInfo("dotnet", [Compiler(), "-noconfig", "@options.rsp"])
                {
                    WorkingDirectory = folder.FullName,
                    RedirectStandardOutput = true,
                    UseShellExecute = false,
                }
            )!;
            var said = await compiler.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await compiler.WaitForExitAsync(TestContext.Current.CancellationToken);

            Assert.True(compiler.ExitCode == 0, $"{page}:\n{said}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        Task WriteAsync(string name, string text) =>
            File.WriteAllTextAsync(Path.Combine(folder.FullName, name), text, TestContext.Current.CancellationToken);
    }

    /// <summary>Of the SDK beside the runtime that this test runs on.</summary>
    private static string Compiler()
    {
        var sdks = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "sdk");
        return Directory
            .EnumerateDirectories(sdks)
            .Select(sdk => Path.Combine(sdk, "Roslyn", "bincore", "csc.dll"))
            .Last(File.Exists);
    }
}
