using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Generation;
using ImageWorker.ZpkSimulator.Ledger;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.ZpkSimulator;

/// <summary>A simulator on a free port with a clock of the test's own, and a client that speaks to it over HTTP.</summary>
internal sealed class Simulator : IAsyncDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    private Simulator(ZpkSimulatorServer server, FakeTimeProvider clock)
    {
        Server = server;
        Clock = clock;
    }

    public ZpkSimulatorServer Server { get; }

    public FakeTimeProvider Clock { get; }

    /// <summary>Every image takes 30 seconds unless the test says otherwise.</summary>
    public static async Task<Simulator> StartAsync(
        Action<SimulatorOptions>? configure = null,
        FakeTimeProvider? clock = null
    )
    {
        clock ??= new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var options = new SimulatorOptions
        {
            GenerationTime = GenerationTime.Fixed(TimeSpan.FromSeconds(30)),
            Seed = 1,
            TimeProvider = clock,
        };
        configure?.Invoke(options);
        return new(await ZpkSimulatorServer.StartAsync(options, TestContext.Current.CancellationToken), clock);
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    /// <summary>Sends the fields as JSON with credentials added.</summary>
    public Task<Reply> GenerateAsync(string prompt, int num = 1, string? id = null, string more = "") =>
        PostAsync(
            "/api/images/generate",
            Json(
                $$"""
                {"application_id":"app","api_key":"key","prompt":{{JsonSerializer.Serialize(prompt)}},"num":{{num}}
                {{(id is null ? "" : $",\"unique_request_id\":\"{id}\"")}}{{(more.Length == 0 ? "" : "," + more)}}}
                """
            )
        );

    public Task<Reply> CheckAsync(string id) =>
        PostAsync(
            "/api/images/check-status",
            Json($$"""{"application_id":"app","api_key":"key","unique_request_id":"{{id}}"}""")
        );

    public Task<Reply> PostAsync(string path, HttpContent content) => SendAsync(HttpMethod.Post, path, content);

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Reply> SendAsync(HttpMethod method, string path, HttpContent? content = null) =>
        SendCancellableAsync(method, path, content, TestContext.Current.CancellationToken);

    public async Task<Reply> SendCancellableAsync(
        HttpMethod method,
        string path,
        HttpContent? content,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(Server.BaseAddress, path)) { Content = content };
        using var response = await _http.SendAsync(request, cancellationToken);
        return new(
            (int)response.StatusCode,
            response.Content.Headers.TryGetValues("Content-Type", out var types) ? types.Single() : null,
            response.Headers.RetryAfter,
            await response.Content.ReadAsByteArrayAsync(cancellationToken)
        );
    }

    /// <summary>The one submission under this id.</summary>
    public LedgerEntry Entry(string id) =>
        Assert.Single(Server.ReadLedger().Submissions, entry => entry.UniqueRequestId == id);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.DisposeAsync();
    }
}

/// <summary>An answer, read whole.</summary>
internal sealed record Reply(int Status, string? ContentType, RetryConditionHeaderValue? RetryAfter, byte[] Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public JsonElement Body => JsonDocument.Parse(Bytes).RootElement;

    public string Id => Body.GetProperty("unique_request_id").GetString()!;

    /// <summary>What the answer says of each image: its status, or its error's id.</summary>
    public string[] Statuses =>
        [
            .. Images.Select(image =>
                image.TryGetProperty("error_id", out var error)
                    ? error.GetString()!
                    : image.GetProperty("generation_status").GetString()!
            ),
        ];

    public string[] Waits => [.. Images.Select(image => image.GetProperty("wait_time").GetRawText())];

    public IEnumerable<JsonElement> Images => Body.GetProperty("images").EnumerateArray();

    /// <summary>The <c>on</c> of each error.</summary>
    public string[] Faulted =>
        [.. Body.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("on").GetString()!)];
}
