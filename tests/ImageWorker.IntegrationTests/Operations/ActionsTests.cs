using System.Net;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Operations;

/// <summary>What operators do over HTTP, on a real broker and database.</summary>
public sealed class ActionsTests(TestServers servers) : IAsyncLifetime
{
    private const string Key = "a-key-of-some-length";
    private const string Slow = "a red fox [seconds 0.3] [wait-factor 1000]";

    private WorkerUnderTest _worker = null!;
    private StartedWorker _started = null!;

    private string ErrorQueue => $"{_worker.Settings["Queues__Prefix"]}generate-images_error";

    public async ValueTask InitializeAsync()
    {
        _worker = await WorkerUnderTest.CreateAsync(servers);
        _started = await _worker.StartAsync(
            new("Operations__Key", Key),
            new("Operations__SearchableMetadata", "order")
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _started.DisposeAsync();
        await _worker.DisposeAsync();
    }

    [Fact]
    public async Task A_failed_request_is_asked_for_again_once_however_often_that_is_said()
    {
        var failing = WorkerUnderTest.Command("a red fox [policy]");
        await _worker.CloseAsync(failing);

        var first = await ActAsync($"/api/requests/{failing.RequestId}/retry");
        var again = first.GetProperty("newRequestId").GetGuid();
        await _worker.ClosedOnceAsync(failing with { RequestId = again });
        var second = await ActAsync($"/api/requests/{failing.RequestId}/retry");

        Assert.Equal("asked again", first.GetProperty("action").GetString());
        Assert.Equal("asked again already", second.GetProperty("action").GetString());
        Assert.Equal(again, second.GetProperty("newRequestId").GetGuid());
        Assert.Equal(2, _worker.PaidFor(failing).Totals.ImagesPaid);
        var good = WorkerUnderTest.Command("a red fox");
        await _worker.CloseAsync(good);
        Assert.Equal(
            HttpStatusCode.Conflict,
            (await _started.ActAsync($"/api/requests/{good.RequestId}/retry", new { }, Key)).Status
        );
    }

    [Fact]
    public async Task Open_requests_that_a_filter_finds_are_counted_and_then_cancelled_and_no_others()
    {
        var meant = Enumerable.Range(1, 2).Select(count => Command(count, "17")).ToList();
        var other = Command(1, "18");
        foreach (var command in meant.Append(other))
            await _worker.Commands.SendAsync(command);
        await Eventually.PassesAsync(async () =>
            Assert.Equal(3L, await _worker.QueryAsync("SELECT count(*) FROM requests WHERE state = 'Generating'"))
        );

        var preview = await ActAsync("/api/requests/cancel", new { metadata = "17" });
        Assert.Equal((2, 3), (preview.GetProperty("count").GetInt32(), preview.GetProperty("images").GetInt32()));
        Assert.Empty(_worker.Events.ClosingsOf(meant[0].RequestId));
        var done = await ActAsync(
            "/api/requests/cancel",
            new
            {
                metadata = "17",
                preview = false,
                reason = "a mistake",
            }
        );

        Assert.Equal(2, done.GetProperty("done").GetInt32());
        foreach (var command in meant)
            Assert.Equal(FailureReason.Cancelled, (await _worker.ClosedOnceAsync(command)).As<ImagesFailed>().Reason);
        Assert.Empty(_worker.Events.ClosingsOf(other.RequestId));
        var (_, audit) = await _started.GetAsync("/api/audit", Key);
        var line = Assert.Single(JsonDocument.Parse(audit).RootElement.GetProperty("lines").EnumerateArray());
        Assert.Equal("a mistake", line.GetProperty("reason").GetString());
        Assert.Equal("2 requests; none left", line.GetProperty("result").GetString());
    }

    [Fact]
    public async Task What_was_put_aside_is_read_without_its_prompt_and_moved_back_or_deleted_alone()
    {
        var good = WorkerUnderTest.Command("a hidden fox");
        await _worker.QueryAsync("ALTER TABLE requests RENAME COLUMN images TO broken");
        await _worker.Commands.SendAsync(good);
        await _worker.Commands.SendBodyAsync("""{"prompt":"a secret fox","count":""");
        await _worker.Commands.SendBodyAsync("""{"prompt":"another secret fox","count":""");
        await Eventually.PassesAsync(async () =>
            Assert.Equal(3u, await _worker.Commands.CountAsync("generate-images_error"))
        );
        await _worker.QueryAsync("ALTER TABLE requests RENAME COLUMN broken TO images");

        var (_, masked) = await _started.GetAsync("/api/put-aside", Key);
        var (_, shown) = await _started.GetAsync($"/api/put-aside?prompt=shown&queue={ErrorQueue}", Key);
        Assert.DoesNotContain("fox", masked, StringComparison.Ordinal);
        Assert.Contains("a hidden fox", shown, StringComparison.Ordinal);
        var messages = JsonDocument.Parse(masked).RootElement.GetProperty("queues")[0].GetProperty("messages");
        var unreadable = messages
            .EnumerateArray()
            .First(message => message.GetProperty("requestId").ValueKind is JsonValueKind.Null);

        var redriven = await ActAsync(
            "/api/put-aside/redrive",
            new { queue = ErrorQueue, filter = new { requestId = good.RequestId } }
        );
        (await _worker.ClosedOnceAsync(good)).As<ImagesReady>();
        var byId = new
        {
            queue = ErrorQueue,
            ids = new[] { unreadable.GetProperty("id").GetString() },
            reason = "x",
        };
        var deleted = await ActAsync("/api/put-aside/delete", byId);
        var repeated = await ActAsync("/api/put-aside/delete", byId);

        Assert.Equal("""{"done":1,"left":0}""", redriven.GetRawText());
        Assert.Equal("""{"done":1,"left":0}""", deleted.GetRawText());
        Assert.Equal("""{"done":0,"left":0}""", repeated.GetRawText());
        await Eventually.PassesAsync(async () =>
            Assert.Equal(1u, await _worker.Commands.CountAsync("generate-images_error"))
        );
    }

    private static GenerateImages Command(int count, string order) =>
        WorkerUnderTest.Command(Slow, count) with
        {
            Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["order"] = order },
        };

    private async Task<JsonElement> ActAsync(string path, object? asked = null)
    {
        var (status, body) = await _started.ActAsync(path, asked ?? new { }, Key);
        Assert.True(status is HttpStatusCode.OK, $"{status}: {body}");
        return body;
    }
}
