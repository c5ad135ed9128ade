using System.Net;
using System.Text.Json;
using ImageWorker.Operations.Api;

namespace ImageWorker.Tests.Operations;

public sealed class ActionsApiTests : IAsyncLifetime
{
    private static readonly Guid Nobody = Guid.Parse("7c2e69a7-33b5-4c4d-aae5-b19acb00ab8f");

    private OperationsApp _app = null!;

    public async ValueTask InitializeAsync() =>
        _app = await OperationsApp.StartAsync(
            settings: [("Operations:Key", OperationsApp.Key), ("Operations:ViewKey", OperationsApp.ViewKey)]
        );

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    public static TheoryData<string> Acting { get; } =
    [
        $"/api/requests/{Nobody}/cancel",
        $"/api/requests/{Nobody}/retry",
        "/api/requests/cancel",
        "/api/requests/retry",
        "/api/pace",
        "/api/put-aside/redrive",
        "/api/put-aside/delete",
    ];

    [Theory]
    [MemberData(nameof(Acting))]
    public async Task What_changes_something_needs_the_key_and_a_header_that_no_form_can_set(string path)
    {
        const string body = """{"auto":true}""";
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(path, body, key: null)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(path, body, OperationsApp.ViewKey)).Status);
        foreach (var header in new[] { "X-Other: act", "X-ImageWorker: look", "X-ImageWorker:" })
        {
            var answer = await _app.PostAsync(path, body, $"Authorization: Bearer {OperationsApp.Key}", header);
            Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
            Assert.Contains("X-ImageWorker: act", answer.Body, StringComparison.Ordinal);
        }
        Assert.Empty(await AuditAsync());
    }

    [Fact]
    public async Task Each_action_is_one_line_with_the_caller_s_name_and_what_came_of_it()
    {
        var pause = await _app.PostAsync(
            "/api/pace",
            """{"paused":true,"reason":"the account is being checked"}""",
            $"Authorization: {OperationsApp.Basic($"anna:{OperationsApp.Key}")}",
            "X-ImageWorker: act"
        );
        var unknown = await PostAsync($"/api/requests/{Nobody}/cancel", "");

        Assert.Equal(HttpStatusCode.OK, pause.Status);
        Assert.Equal(HttpStatusCode.NotFound, unknown.Status);
        var lines = await AuditAsync();
        Assert.Equal(
            ["requests cancel", "pace"],
            lines.Select(line => line.GetProperty("action").GetString()),
            StringComparer.Ordinal
        );
        Assert.Equal("anna", lines[1].GetProperty("operator").GetString());
        Assert.Equal("the account is being checked", lines[1].GetProperty("reason").GetString());
        Assert.Equal("done", lines[1].GetProperty("result").GetString());
        Assert.Equal(JsonValueKind.Null, lines[0].GetProperty("operator").ValueKind);
        Assert.StartsWith("there is no request", lines[0].GetProperty("result").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pace_is_paused_once_resumed_and_given_a_ceiling()
    {
        var first = await PaceAsync("""{"paused":true,"reason":"a"}""");
        var again = await PaceAsync("""{"paused":true,"reason":"b"}""");
        var resumed = await PaceAsync("""{"paused":false}""");
        var ceiling = await PaceAsync("""{"perSecond":2.5}""");
        var none = await PaceAsync("""{"auto":true}""");

        Assert.Equal(first.GetProperty("pausedAt").GetString(), again.GetProperty("pausedAt").GetString());
        Assert.Equal("b", again.GetProperty("pauseReason").GetString());
        Assert.Equal(JsonValueKind.Null, resumed.GetProperty("pausedAt").ValueKind);
        Assert.Equal(2.5, ceiling.GetProperty("ceiling").GetDouble());
        Assert.Equal(JsonValueKind.Null, none.GetProperty("ceiling").ValueKind);
    }

    [Theory]
    [InlineData("/api/pace", "{}", "Write one of perSecond")]
    [InlineData("/api/pace", """{"perSecond":1,"auto":true}""", "Write one of perSecond")]
    [InlineData("/api/pace", """{"perSecond":0}""", "perSecond is 0")]
    [InlineData("/api/pace", """{"paused":true}""", "reason is missing")]
    [InlineData("/api/requests/cancel", """{"preview":false}""", "The filter is empty")]
    [InlineData("/api/requests/retry", """{"reason":"x"}""", "The filter is empty")]
    [InlineData("/api/requests/retry", """{"state":"lost"}""", "state is 'lost'")]
    [InlineData("/api/put-aside/redrive", """{"queue":"generate-images","all":true}""", "queue is 'generate-images'")]
    [InlineData("/api/put-aside/redrive", """{"queue":"generate-images_error"}""", "Write one of ids")]
    [InlineData("/api/put-aside/redrive", """{"queue":"generate-images_error","filter":{}}""", "The filter is empty")]
    [InlineData("/api/put-aside/delete", """{"queue":"generate-images_error","all":true}""", "reason is missing")]
    public async Task What_is_asked_for_wrongly_is_told_and_does_nothing(string path, string body, string detail)
    {
        var answer = await PostAsync(path, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(
            detail,
            JsonDocument.Parse(answer.Body).RootElement.GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
        Assert.Empty(await AuditAsync());
    }

    [Fact]
    public async Task A_preview_is_no_action_and_where_nothing_is_found_nothing_is_done()
    {
        var preview = await PostAsync("/api/requests/retry", """{"outcome":"GeneralError"}""");
        Assert.Equal("""{"count":0,"images":0,"estimatedCost":0,"more":false}""", preview.Body);
        Assert.Empty(await AuditAsync());

        var done = await PostAsync("/api/requests/retry", """{"outcome":"GeneralError","preview":false}""");
        Assert.Equal("""{"done":0,"next":null,"problem":null}""", done.Body);
        Assert.Equal(
            """{"outcome":"GeneralError"}""",
            Assert.Single(await AuditAsync()).GetProperty("target").GetString()
        );
    }

    [Fact]
    public async Task Embedded_nothing_is_put_aside()
    {
        var all = await _app.GetAsAsync($"Bearer {OperationsApp.ViewKey}", "/api/put-aside");
        var done = await PostAsync(
            "/api/put-aside/delete",
            """{"queue":"generate-images_error","all":true,"reason":"old"}"""
        );

        Assert.Equal("""{"queues":[]}""", all.Body);
        Assert.Equal("""{"done":0,"left":0}""", done.Body);
    }

    [Fact]
    public async Task Every_route_of_the_api_is_documented_with_a_summary()
    {
        var document = JsonDocument.Parse(
            (await _app.GetAsAsync($"Bearer {OperationsApp.ViewKey}", "/openapi.json")).Body
        );

        var documented = document
            .RootElement.GetProperty("paths")
            .EnumerateObject()
            .SelectMany(path =>
                path.Value.EnumerateObject()
                    .Select(method =>
                    {
                        Assert.NotEmpty(method.Value.GetProperty("summary").GetString()!);
                        return $"{method.Name.ToUpperInvariant()} {path.Name}";
                    })
            );
        Assert.Equal(_app.ApiRoutes.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
        Assert.Contains("POST /api/requests/{id}/retry", _app.ApiRoutes, StringComparer.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _app.GetAsync("/openapi.json")).Status);
    }

    private async Task<JsonElement> PaceAsync(string body)
    {
        var answer = await PostAsync("/api/pace", body);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return JsonDocument.Parse(answer.Body).RootElement;
    }

    private async Task<List<JsonElement>> AuditAsync()
    {
        var answer = await _app.GetAsAsync($"Bearer {OperationsApp.ViewKey}", "/api/audit");
        return [.. JsonDocument.Parse(answer.Body).RootElement.GetProperty("lines").EnumerateArray()];
    }

    private Task<OperationsAnswer> PostAsync(string path, string body, string? key = OperationsApp.Key) =>
        _app.PostAsync(
            path,
            body,
            [$"{ActionsEndpoints.Header}: act", .. key is null ? [] : new[] { $"Authorization: Bearer {key}" }]
        );
}
