using System.Diagnostics;
using System.Text.RegularExpressions;
using static ImageWorker.Tests.Deploy.DeployFiles;

namespace ImageWorker.Tests.Deploy;

public sealed partial class RenewImagesTests : IDisposable
{
    private static readonly string[] Files = ["deploy/Dockerfile", "docker-compose.yml"];
    private static readonly string New = $"sha256:{new string('a', 64)}";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imageworker-images-");

    [Fact]
    public void The_images_that_the_worker_is_built_from_are_pinned_by_digest() =>
        Assert.All(
            FromImage().Matches(Read("deploy/Dockerfile")),
            image => Assert.Matches("@sha256:[0-9a-f]{64}$", image.Groups["image"].Value)
        );

    [Fact]
    public async Task Each_base_image_gets_the_digest_of_its_tag_and_nothing_else_is_changed()
    {
        Copy($"echo 'Name: x'; echo 'Digest: {New}'; echo ' Digest: sha256:{new string('b', 64)}'");

        Assert.Equal(0, await RunAsync());

        foreach (var file in Files)
        {
            var (before, after) = (Read(file), ReadCopy(file));
            Assert.Equal(Digest().Replace(before, ""), Digest().Replace(after, ""));
            Assert.Equal(Tagged().Count(Digest().Replace(before, "")), after.Split($"@{New}").Length - 1);
        }
    }

    [Fact]
    public async Task An_image_that_is_not_found_is_an_error_and_changes_nothing()
    {
        Copy("echo 'not found' >&2; exit 1");

        Assert.NotEqual(0, await RunAsync());

        Assert.All(Files, file => Assert.Equal(Read(file), ReadCopy(file)));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void Copy(string docker)
    {
        _folder.CreateSubdirectory("deploy");
        foreach (var file in Files.Append("deploy/renew-images.sh"))
            File.Copy(At(file), Path.Combine(_folder.FullName, file));
        var program = Path.Combine(_folder.FullName, "docker");
        File.WriteAllText(program, $"#!/bin/sh\n{docker}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private string ReadCopy(string file) => File.ReadAllText(Path.Combine(_folder.FullName, file));

    private async Task<int> RunAsync()
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(_folder.FullName, "deploy", "renew-images.sh")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["PATH"] = $"{_folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}";
        using var script = Process.Start(start)!;
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        return script.ExitCode;
    }

    [GeneratedRegex("@sha256:[0-9a-f]{64}", RegexOptions.None, 1000)]
    private static partial Regex Digest();

    /// <summary>An image that comes from a registry; a stage or an image built here has no tag.</summary>
    [GeneratedRegex(
        @"^(FROM|\s+image:) .*[a-z]:[\w.-]+( AS \w+)?$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Tagged();

    [GeneratedRegex(@"^FROM .*?(?<image>[a-z./-]+:\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FromImage();
}
