using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Deploy;

/// <summary>The packages for other teams, packed as for a release and used by a program that has nothing but them.</summary>
public sealed class PackagesTests(PackagesTests.Packed packed) : IClassFixture<PackagesTests.Packed>
{
    private const string Repository = "https://github.com/owner/imageworker";

    [Theory]
    [InlineData("ImageWorker.Contracts", "net8.0", "net10.0")]
    [InlineData("ImageWorker.Zpk", "net10.0")]
    public void A_package_has_all_that_its_users_look_for(string name, params string[] frameworks)
    {
        using var package = ZipFile.OpenRead(packed.File(name, "nupkg"));
        using var symbols = ZipFile.OpenRead(packed.File(name, "snupkg"));

        string[] files =
        [
            "README.md",
            "icon.png",
            .. frameworks.SelectMany(framework =>
                new[] { $"lib/{framework}/{name}.dll", $"lib/{framework}/{name}.xml" }
            ),
        ];
        Assert.All(files, file => Assert.NotNull(package.GetEntry(file)));
        var about = Text(package, $"{name}.nuspec");
        Assert.Contains("<license type=\"expression\">MIT</license>", about, StringComparison.Ordinal);
        Assert.Contains("<readme>README.md</readme>", about, StringComparison.Ordinal);
        Assert.Contains("<icon>icon.png</icon>", about, StringComparison.Ordinal);
        Assert.All(frameworks, framework => Assert.NotNull(symbols.GetEntry($"lib/{framework}/{name}.pdb")));
    }

    [Theory]
    [InlineData("ImageWorker.Contracts")]
    [InlineData("ImageWorker.Zpk")]
    public void Debuggers_find_the_sources_in_the_repository_that_the_build_names(string name)
    {
        Assert.SkipUnless(
            Path.Exists(Checkout.At(".git")),
            "These sources are no clone, so their commit is not known."
        );
        using var symbols = ZipFile.OpenRead(packed.File(name, "snupkg"));

        var pdb = Text(symbols, $"lib/net10.0/{name}.pdb");

        Assert.Contains("https://raw.githubusercontent.com/owner/imageworker/", pdb, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_on_either_framework_uses_them()
    {
        using var folder = new EmptyFolder();
        await File.WriteAllTextAsync(folder.At("user.csproj"), Project, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.At("user.cs"), Program, TestContext.Current.CancellationToken);

        await RunAsync(
            folder,
            "build",
            "-p:UseSharedCompilation=false",
            "-nodeReuse:false",
            $"-p:From={packed.Folder}"
        );

        var old = await RunAsync(folder, "bin/Debug/net8.0/user.dll");
        var current = await RunAsync(folder, "bin/Debug/net10.0/user.dll");
        Assert.Equal([".NETCoreApp,Version=v8.0", "a red fox", "DeadlineExceeded", "Generated"], old);
        Assert.Equal(
            [".NETCoreApp,Version=v10.0", "a red fox", "DeadlineExceeded", "Generated", "ZpkImagesClient"],
            current
        );
    }

    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFrameworks>net8.0;net10.0</TargetFrameworks>
            <ImplicitUsings>enable</ImplicitUsings>
            <UseAppHost>false</UseAppHost>
            <RestoreAdditionalProjectSources>$(From)</RestoreAdditionalProjectSources>
            <!-- A package of this version may be in the user's own folder from another day. -->
            <RestoreFallbackFolders>$(HOME)/.nuget/packages</RestoreFallbackFolders>
            <RestorePackagesPath>$(MSBuildProjectDirectory)/packages</RestorePackagesPath>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="ImageWorker.Contracts" Version="1.0.0" />
            <PackageReference Include="ImageWorker.Zpk" Version="1.0.0" Condition="'$(TargetFramework)' == 'net10.0'" />
          </ItemGroup>
        </Project>
        """;

    private const string Program = """
        using System.Text.Json;
        using ImageWorker.Contracts;

        var command = new GenerateImages { RequestId = Guid.NewGuid(), Prompt = "a red fox" };
        var json = JsonSerializer.Serialize(command, JsonSerializerOptions.Web);
        Console.WriteLine(AppContext.TargetFrameworkName);
        Console.WriteLine(JsonDocument.Parse(json).RootElement.GetProperty("prompt").GetString());
        Console.WriteLine(JsonSerializer.Deserialize<FailureReason>("\"DeadlineExceeded\"", JsonSerializerOptions.Web));
        Console.WriteLine(JsonSerializer.Deserialize<ImageStatus>("\"generated\"", JsonSerializerOptions.Web));
        #if NET10_0_OR_GREATER
        var services = new Microsoft.Extensions.DependencyInjection.ServiceCollection();
        ImageWorker.Zpk.ZpkServiceCollectionExtensions.AddZpkImages(services, zpk => (zpk.ApplicationId, zpk.ApiKey) = ("shop", "a-key-of-a-test"));
        using var provider = Microsoft.Extensions.DependencyInjection.ServiceCollectionContainerBuilderExtensions.BuildServiceProvider(services);
        Console.WriteLine(provider.GetService(typeof(ImageWorker.Zpk.ZpkImagesClient)).GetType().Name);
        #endif
        """;

    private static string Text(ZipArchive package, string entry)
    {
        using var reader = new StreamReader(package.GetEntry(entry)!.Open(), Encoding.Latin1);
        return reader.ReadToEnd();
    }

    private static async Task<IReadOnlyList<string>> RunAsync(EmptyFolder folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder.FullName };
        // Only .NET 10 need be installed.
        start.Environment["DOTNET_ROLL_FORWARD"] = "Major";
        await using var process = ChildProcess.Start(start);
        Assert.True(await process.WaitForExitAsync(TimeSpan.FromMinutes(3)) == 0, process.Tail);
        return process.OutputLines;
    }

    public sealed class Packed : IAsyncLifetime
    {
        private readonly EmptyFolder _folder = new();

        public string Folder => _folder.FullName;

        public string File(string name, string kind) => _folder.At($"{name}.1.0.0.{kind}");

        public async ValueTask InitializeAsync() =>
            await Task.WhenAll(PackAsync("ImageWorker.Contracts"), PackAsync("ImageWorker.Zpk"));

        public ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }

        private Task<IReadOnlyList<string>> PackAsync(string name) =>
            RunAsync(
                _folder,
                "pack",
                Checkout.At("src", name),
                "--no-restore",
                "--configuration=Release",
                $"--output={_folder.FullName}",
                $"-p:RepositoryUrl={Repository}",
                "-p:RunAnalyzers=false",
                "-p:UseSharedCompilation=false",
                "-nodeReuse:false"
            );
    }
}
