using System.Buffers.Binary;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Commands;

public sealed class TryTests : IDisposable
{
    private static readonly byte[] PngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    private readonly EmptyFolder _folder = new();
    private readonly EmptyFolder _temporary = new();

    [Fact]
    public async Task It_does_the_whole_job_and_leaves_the_pictures_and_nothing_else()
    {
        await using var command = Start(
            "try",
            "a red fox in the snow [seconds 0.5]",
            "--count",
            "3",
            "--resolution",
            "1792x1024"
        );

        var ready = await ClosingLine.ReadyAsync(command);

        Assert.Equal(3, ready.Images.Count(image => image.Status is ImageStatus.Generated));
        Assert.Equal(3 * 0.078m, ready.Cost.Total);
        var pictures = Enumerable.Range(0, 3).Select(number => $"image-{$"{ready.RequestId}"[..8]}-{number}.png");
        Assert.Equal(pictures, _folder.FileNames, StringComparer.Ordinal);
        foreach (var picture in _folder.FileNames)
        {
            Assert.Equal((1792, 1024), await SizeOfAsync(_folder.At(picture)));
        }

        Assert.Empty(_temporary.FileNames);
        Assert.Contains($"request {ready.RequestId}", command.ErrorLines, StringComparer.Ordinal);
        Assert.All(
            ready.Images,
            image =>
                Assert.Contains(
                    $"image {image.Number}: generated {image.Url}",
                    command.ErrorLines,
                    StringComparer.Ordinal
                )
        );
        Assert.DoesNotContain(command.ErrorLines, line => line.Contains('\e'));
    }

    [Fact]
    public async Task A_request_that_fails_is_exit_code_1()
    {
        await using var command = Start("try", "a red fox [policy] [seconds 0.3]");

        var failed = await ClosingLine.FailedAsync(command);

        Assert.Equal(FailureReason.ContentPolicyViolation, failed.Reason);
        Assert.Empty(_folder.FileNames);
    }

    [Theory]
    [InlineData("prompt", "try")]
    [InlineData("count", "try", "a red fox", "--count", "21")]
    [InlineData("--cuont", "try", "a red fox", "--cuont", "2")]
    public async Task Misuse_is_exit_code_2_and_one_line(string named, params string[] arguments)
    {
        await using var command = Start(arguments);

        Assert.Equal(2, await command.WaitForExitAsync());
        Assert.Contains(named, Assert.Single(command.ErrorLines), StringComparison.OrdinalIgnoreCase);
        Assert.Empty(command.OutputLines);
        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public async Task On_a_terminal_it_ends_with_a_sentence()
    {
        await using var command = OnTerminal("try 'a red fox [seconds 0.3] [policy 1]' --count 3");

        Assert.Equal(0, await command.WaitForExitAsync());

        Assert.Matches(
            @"^2 of 3 pictures, 0\.1140 EUR, in \d+\.\d s\. Image 1 failed: CONTENT_POLICY_VIOLATION\.\s*$",
            command.OutputLines[^1]
        );
    }

    [Fact]
    public async Task On_a_terminal_it_ends_with_JSON_if_asked_to()
    {
        await using var command = OnTerminal("try 'a red fox [seconds 0.3]' --json");

        Assert.Equal(0, await command.WaitForExitAsync());

        Assert.Contains(command.OutputLines, line => line.Contains("\"requestId\"", StringComparison.Ordinal));
        Assert.Equal("}", command.OutputLines[^1].Trim());
    }

    [Theory]
    [InlineData("file")]
    [InlineData("file/below")]
    [InlineData("/proc/none")]
    public async Task A_folder_that_cannot_be_written_to_is_said_before_anything_begins(string output)
    {
        await File.WriteAllTextAsync(_folder.At("file"), "", TestContext.Current.CancellationToken);

        await using var command = Start("try", "a red fox", "--output", output);

        Assert.Equal(2, await command.WaitForExitAsync());
        Assert.Contains($"--output {output} ", Assert.Single(command.Lines), StringComparison.Ordinal);
        Assert.Empty(_temporary.FileNames);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _temporary.Dispose();
    }

    private Servers.ChildProcess Start(params string[] arguments) =>
        WorkerProgram.Start(arguments, [new("TMPDIR", _temporary.FullName)], _folder.FullName);

    private Servers.ChildProcess OnTerminal(string line)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "Without util-linux there is no terminal to give it.");
        return Servers.ChildProcess.Start(
            new System.Diagnostics.ProcessStartInfo(
                "script",
                ["-qec", $"dotnet '{WorkerProgram.Dll}' {line}", "/dev/null"]
            )
            {
                WorkingDirectory = _folder.FullName,
                RedirectStandardInput = true,
                UseShellExecute = false,
            }
        );
    }

    private static async Task<(int Width, int Height)> SizeOfAsync(string file)
    {
        var png = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(PngSignature, png[..8]);
        return (
            BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)),
            BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20))
        );
    }
}
