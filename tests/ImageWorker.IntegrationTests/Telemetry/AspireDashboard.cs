using System.Diagnostics;
using System.Reflection;
using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.IntegrationTests.Telemetry;

/// <summary>The Aspire dashboard, set as in docker-compose.yml, but from its NuGet package.</summary>
internal sealed class AspireDashboard : IAsyncDisposable
{
    public const string Token = "a-token-for-the-dashboard";

    private readonly Leash _leash = new();
    private readonly ChildProcess _process;

    private AspireDashboard()
    {
        var package = typeof(AspireDashboard)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(metadata => metadata.Key == nameof(AspireDashboard))
            .Value!;
        var start = new ProcessStartInfo(Path.Combine(package, "tools", "Aspire.Dashboard"))
        {
            WorkingDirectory = _leash.Folder,
            Environment =
            {
                // It keeps keys there.
                ["HOME"] = _leash.Folder,
                ["ASPNETCORE_URLS"] = $"{Address}",
                ["Dashboard__Frontend__AuthMode"] = "BrowserToken",
                ["Dashboard__Frontend__BrowserToken"] = Token,
                ["Dashboard__Otlp__AuthMode"] = "Unsecured",
                ["Dashboard__Otlp__HttpEndpointUrl"] = OtlpAddress,
            },
        };
        _process = ChildProcess.Start(start, _leash);
    }

    public Uri Address { get; } = new($"http://127.0.0.1:{LoopbackPort.Free()}");

    public string OtlpAddress { get; } = $"http://127.0.0.1:{LoopbackPort.Free()}";

    public static AspireDashboard Start() => new();

    public Task ReadyAsync() =>
        _process.WaitForLineAsync(line => line.Contains("OTLP/HTTP listening on", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _leash.DisposeAsync();
    }
}
