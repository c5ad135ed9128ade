using System.Diagnostics;
using ImageWorker.ZpkSimulator;

namespace ImageWorker.Tests.ZpkSimulator;

public sealed class ExecutableTests : IDisposable
{
    private readonly string _stateFile = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());

    [Fact]
    public async Task A_killed_process_comes_back_with_what_it_accepted()
    {
        const string credentials = "\"application_id\":\"app\",\"api_key\":\"key\",\"unique_request_id\":\"one\"";
        using (var first = Start("--port", "0", "--stateFile", _stateFile, "--generationTime", "fixed:0"))
        {
            var address = await ReadAddressAsync(first);
            await PostAsync(address, "/api/images/generate", $$"""{{{credentials}},"prompt":"a cat","num":2}""");
            first.Kill();
            await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using var second = Start("--port", "0", "--stateFile", _stateFile);
        var answer = await PostAsync(
            await ReadAddressAsync(second),
            "/api/images/check-status",
            $$"""{{{credentials}}}"""
        );
        second.Kill();

        Assert.Contains("\"success\":true", answer, StringComparison.Ordinal);
        Assert.Equal(2, answer.Split("\"generated\"").Length - 1);
    }

    [Fact]
    public async Task A_second_process_on_the_same_state_file_ends_with_one_line_that_says_who_has_it()
    {
        using var first = Start("--port", "0", "--stateFile", _stateFile);
        await ReadAddressAsync(first);

        using var second = Start("--port", "0", "--stateFile", _stateFile);
        var error = await second.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await second.WaitForExitAsync(TestContext.Current.CancellationToken);
        first.Kill();
        await first.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(2, second.ExitCode);
        Assert.StartsWith(
            $"{_stateFile} belongs to the process with the id {first.Id}.",
            Assert.Single(error.TrimEnd().Split('\n')),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("--prot", "1", "prot")]
    [InlineData("--port", "many", "Port")]
    [InlineData("--generationTime", "soon", "GenerationTime")]
    [InlineData("--callbackLossRate", "2", "CallbackLossRate")]
    [InlineData("--faults:0", "explode", "explode")]
    [InlineData("--limits:0", "window many/s", "many/s")]
    public async Task A_wrong_option_ends_it_with_one_line_that_names_it(string option, string value, string named)
    {
        using var process = Start(option, value);

        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(2, process.ExitCode);
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Help_names_every_option()
    {
        using var process = Start("--help");

        var help = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        string[] set = [nameof(SimulatorOptions.TimeProvider), nameof(SimulatorOptions.LoggerFactory)];
        foreach (var property in typeof(SimulatorOptions).GetProperties())
        {
            if (!set.Contains(property.Name, StringComparer.Ordinal))
                Assert.Contains($"  --{property.Name}", help, StringComparison.OrdinalIgnoreCase);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        File.Delete(_stateFile);
        // A killed process leaves it.
        File.Delete($"{_stateFile}.pid");
    }

    private static Process Start(params string[] arguments)
    {
        var assembly = typeof(ZpkSimulatorServer).Assembly.Location;
        return Process.Start(
            new ProcessStartInfo("dotnet", [assembly, .. arguments])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
    }

    private static async Task<Uri> ReadAddressAsync(Process process)
    {
        var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(line);
        return new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..]);
    }

    private async Task<string> PostAsync(Uri address, string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path))
        {
            Content = Simulator.Json(body),
        };
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
