using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using System.Text;
using ImageWorker.Callbacks;
using ImageWorker.Commands;
using ImageWorker.Hosting;
using ImageWorker.Operations;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using ImageWorker.Tests.ZpkSimulator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ImageWorker.Tests.Operations;

/// <summary>The embedded worker with all its HTTP endpoints, as <c>run</c> puts it together.</summary>
internal sealed class OperationsApp : IAsyncDisposable
{
    public const string Key = "A-Key-of-some-length";
    public const string ViewKey = "A-View-Key-of-some-length";
    private const string File = "worker.db";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imageworker-operations-");
    private readonly WebApplication _app;

    private OperationsApp(string bound, string file, IEnumerable<(string Key, string Value)> settings)
    {
        var builder = WebApplication.CreateBuilder([
            $"--urls=http://{bound}:0",
            "--Zpk:ApplicationId=application",
            "--Zpk:ApiKey=key",
            .. settings.Select(setting => $"--{setting.Key}={setting.Value}"),
        ]);
        builder.UseWorkerDefaults();
        builder.Logging.ClearProviders();
        builder.AddTelemetry();
        builder.Services.AddImageWorker(new Connections(null, null), Path.Combine(_folder.FullName, file));
        _app = builder.Build();
        _app.MapHealth();
        _app.MapCallbacks();
        _app.MapOperations();
        _app.MapPost("/act", (ClaimsPrincipal caller) => $"done by {caller.Identity?.Name}")
            .RequireAuthorization(OperationsAccess.Act);
        _app.MapPost("/api/act", () => "done").ExcludeFromDescription().RequireAuthorization(OperationsAccess.Act);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Starts it on a free port.</summary>
    /// <param name="bound">What it listens on.</param>
    /// <param name="file">Its database. This waits for its own alone: another may be one that never comes.</param>
    /// <param name="settings">Configuration keys.</param>
    public static async Task<OperationsApp> StartAsync(
        string bound = "127.0.0.1",
        string file = File,
        params IEnumerable<(string Key, string Value)> settings
    )
    {
        var app = new OperationsApp(bound, file, settings);
        await app._app.StartAsync(Ct);
        var database = app._app.Services.GetRequiredService<DatabaseState>();
        if (file == File)
            await Eventually.TrueAsync(async () => await database.ProblemAsync(Ct) is null);
        return app;
    }

    public static string Basic(string text) => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}";

    /// <summary>Sends these header lines to the byte, and <c>Host</c> where they have none.</summary>
    public Task<OperationsAnswer> GetAsync(string path, params IEnumerable<string> headers) =>
        SendAsync($"GET {path}", headers);

    /// <summary>The same with what <c>Authorization</c> says; null for none.</summary>
    public Task<OperationsAnswer> GetAsAsync(string? authorization, string path) =>
        GetAsync(path, authorization is null ? [] : [$"Authorization: {authorization}"]);

    public Task<OperationsAnswer> SendAsync(string what, params IEnumerable<string> headers) =>
        SendAsync(what, "", headers);

    /// <summary>Sends JSON.</summary>
    public Task<OperationsAnswer> PostAsync(string path, string json, params IEnumerable<string> headers) =>
        SendAsync($"POST {path}", json, ["Content-Type: application/json", .. headers]);

    /// <summary>The routes of the API that are mapped, with their methods.</summary>
    public IReadOnlyList<string> ApiRoutes =>
        [
            .. _app
                .Services.GetRequiredService<EndpointDataSource>()
                .Endpoints.OfType<RouteEndpoint>()
                .Where(route => route.RoutePattern.RawText != "/api/act")
                .Where(route => route.RoutePattern.RawText?.StartsWith("/api/", StringComparison.Ordinal) is true)
                .SelectMany(route =>
                    route
                        .Metadata.GetRequiredMetadata<HttpMethodMetadata>()
                        .HttpMethods.Select(method =>
                            $"{method} {route.RoutePattern.RawText!.Replace(":guid", "", StringComparison.Ordinal).Replace(":int", "", StringComparison.Ordinal)}"
                        )
                ),
        ];

    public async Task<OperationsAnswer> SendAsync(string what, string body, IEnumerable<string> headers)
    {
        var address = new Uri(_app.Urls.Single().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        string[] host = headers.Any(header => header.StartsWith("Host:", StringComparison.Ordinal))
            ? []
            : [$"Host: {address.Authority}"];
        using var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Parse(address.DnsSafeHost), address.Port, Ct);
        await using var stream = connection.GetStream();
        // An answer by HTTP/1.0 ends where the connection does.
        string[] lines =
        [
            $"{what} HTTP/1.0",
            $"Content-Length: {Encoding.UTF8.GetByteCount(body)}",
            .. host,
            .. headers,
            "",
            "",
        ];
        await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Join("\r\n", lines) + body), Ct);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return OperationsAnswer.Parse(await reader.ReadToEndAsync(Ct));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }
}

internal sealed record OperationsAnswer(HttpStatusCode Status, ILookup<string, string> Headers, string Body)
{
    public static OperationsAnswer Parse(string answer)
    {
        var parts = answer.Split("\r\n\r\n", 2);
        var lines = parts[0].Split("\r\n");
        return new(
            Enum.Parse<HttpStatusCode>(lines[0].Split(' ')[1]),
            lines
                .Skip(1)
                .Select(line => line.Split(": ", 2))
                .ToLookup(header => header[0], header => header[1], StringComparer.OrdinalIgnoreCase),
            parts[1]
        );
    }
}
