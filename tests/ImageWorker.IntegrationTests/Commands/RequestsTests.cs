using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Commands;

[Collection(nameof(SharedWorker))]
public sealed class RequestsTests(SharedWorkerFixture shared)
{
    /// <summary>A picture that is there at once, and that ZPK says to come for in five minutes.</summary>
    private const string Slow = "a red fox [seconds 0.3] [wait-factor 1000]";

    private readonly WorkerUnderTest _worker = shared.Worker;

    [Fact]
    public async Task Show_tells_a_request_with_a_resend_to_the_cent_and_without_its_prompt()
    {
        var command = WorkerUnderTest.Command("a red fox [general-error 1]", count: 2);
        await _worker.CloseAsync(command);

        var lines = await RunAsync(0, "show", $"{command.RequestId}");
        var json = JsonDocument
            .Parse(Assert.Single(await RunAsync(0, "show", $"{command.RequestId}", "--json")))
            .RootElement;

        Assert.Contains("Closed, ready, 0.1140 EUR", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("resend of image 1, attempt 2, as", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("closed: ready, 2 of 2 images", StringComparison.Ordinal));
        Assert.Equal(2, lines.Count(line => line.StartsWith("ledger ", StringComparison.Ordinal)));
        Assert.Equal(0.1140m, json.GetProperty("cost").GetDecimal());
        Assert.Equal(2, json.GetProperty("ledger").GetArrayLength());
        Assert.DoesNotContain("red fox", $"{string.Join('\n', lines)}{json}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_finds_by_outcome_and_age()
    {
        var command = WorkerUnderTest.Command("a red fox [policy]");
        await _worker.CloseAsync(command);

        var failed = await RunAsync(0, "list", "--outcome", "ContentPolicyViolation", "--newer-than", "1h", "--json");
        var old = await RunAsync(0, "list", "--outcome", "ContentPolicyViolation", "--older-than", "1h", "--json");

        Assert.Contains(
            JsonDocument.Parse(Assert.Single(failed)).RootElement.EnumerateArray(),
            request => request.GetProperty("id").GetGuid() == command.RequestId
        );
        Assert.Equal("[]", Assert.Single(old));
    }

    [Fact]
    public async Task Show_and_list_tell_tenant_and_priority()
    {
        var tenant = $"t{Guid.NewGuid():n}";
        var command = WorkerUnderTest.Command("a red fox") with { Tenant = tenant, Priority = "high" };
        await _worker.CloseAsync(command);

        var listed = await RunAsync(0, "list", "--tenant", tenant, "--priority", "high", "--json");
        var others = await RunAsync(0, "list", "--tenant", tenant, "--priority", "low", "--json");
        var shown = await RunAsync(0, "show", $"{command.RequestId}", "--json");

        var found = Assert.Single(JsonDocument.Parse(Assert.Single(listed)).RootElement.EnumerateArray());
        Assert.Equal(command.RequestId, found.GetProperty("id").GetGuid());
        Assert.Equal("[]", Assert.Single(others));
        foreach (var told in new[] { found, JsonDocument.Parse(Assert.Single(shown)).RootElement })
        {
            Assert.Equal(tenant, told.GetProperty("tenant").GetString());
            Assert.Equal("high", told.GetProperty("priority").GetString());
        }
    }

    [Fact]
    public async Task Retry_has_an_open_request_checked_now()
    {
        var command = WorkerUnderTest.Command(Slow);
        await GeneratingAsync(command);

        var dryRun = await RunAsync(0, "retry", $"{command.RequestId}", "--dry-run");
        Assert.Contains("would be due now", Assert.Single(dryRun), StringComparison.Ordinal);
        Assert.Empty(_worker.Events.ClosingsOf(command.RequestId));
        await RunAsync(0, "retry", $"{command.RequestId}");

        // Long before ZPK said to come.
        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.Equal(1, _worker.PaidFor(command).Totals.ImagesPaid);
    }

    [Fact]
    public async Task Retry_asks_again_under_a_new_id_for_what_failed_and_never_for_what_succeeded()
    {
        var failing = WorkerUnderTest.Command("a red fox [policy]");
        await _worker.CloseAsync(failing);
        var good = WorkerUnderTest.Command("a red fox");
        await _worker.CloseAsync(good);

        var said = JsonDocument.Parse(Assert.Single(await RunAsync(0, "retry", $"{failing.RequestId}", "--json")));
        await RunAsync(1, "retry", $"{good.RequestId}");

        var again = said.RootElement.GetProperty("newRequestId").GetGuid();
        Assert.NotEqual(failing.RequestId, again);
        (await _worker.ClosedOnceAsync(failing with { RequestId = again })).As<ImagesFailed>();
        Assert.Equal(1, _worker.PaidFor(good).Totals.ImagesPaid);
    }

    [Fact]
    public async Task Cancel_waits_for_the_end_and_says_when_it_had_come_before()
    {
        var command = WorkerUnderTest.Command(Slow);
        await GeneratingAsync(command);

        var cancelled = await RunAsync(0, "cancel", $"{command.RequestId}");
        var repeated = await RunAsync(0, "cancel", $"{command.RequestId}");

        Assert.Contains("is closed: Cancelled, 0.0380 EUR", Assert.Single(cancelled), StringComparison.Ordinal);
        Assert.Contains("was closed already: Cancelled", Assert.Single(repeated), StringComparison.Ordinal);
        Assert.Equal(FailureReason.Cancelled, (await _worker.ClosedOnceAsync(command)).As<ImagesFailed>().Reason);
    }

    [Fact]
    public async Task The_first_letters_of_an_id_are_enough_if_no_other_begins_so()
    {
        var start = $"{Guid.NewGuid():n}"[..8];
        var one = WorkerUnderTest.Command("a red fox") with { RequestId = new($"{start}-0000-4000-8000-1{start}000") };
        var other = WorkerUnderTest.Command("a red fox") with
        {
            RequestId = new($"{start}-0000-4000-8000-2{start}000"),
        };
        await _worker.CloseAsync(one);
        await _worker.CloseAsync(other);

        var shown = await RunAsync(0, "show", $"{one.RequestId}"[..25]);
        await using var ambiguous = Start("show", start);
        await using var unknown = Start("cancel", $"{start}-0000-4000-8000-3");

        Assert.StartsWith($"request {one.RequestId}: Closed", shown[0], StringComparison.Ordinal);
        Assert.Equal((1, 1), (await ambiguous.WaitForExitAsync(), await unknown.WaitForExitAsync()));
        Assert.Equal(
            $"ImageWorker: {start} begins the ids of several requests: {one.RequestId}, {other.RequestId}. Write more of it.",
            Assert.Single(ambiguous.Lines)
        );
        Assert.Contains("no request whose id begins with", Assert.Single(unknown.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fox", 2)]
    [InlineData("00000000-0000-0000-0000-000000000001", 1)]
    public async Task An_id_that_is_none_or_that_nobody_knows_is_one_line(string id, int code)
    {
        await using var command = Start("show", id);

        Assert.Equal(code, await command.WaitForExitAsync());
        Assert.Contains(id, Assert.Single(command.ErrorLines), StringComparison.Ordinal);
    }

    private async Task GeneratingAsync(GenerateImages command)
    {
        await _worker.Commands.SendAsync(command);
        await Eventually.PassesAsync(async () =>
            Assert.Equal(
                "Generating",
                await _worker.QueryAsync($"SELECT state FROM requests WHERE id = '{command.RequestId}'")
            )
        );
    }

    private async Task<IReadOnlyList<string>> RunAsync(int expectedCode, params string[] arguments)
    {
        await using var command = Start(arguments);
        var code = await command.WaitForExitAsync();
        Assert.True(code == expectedCode, $"{command} ended with {code}:\n{command.Tail}");
        return command.OutputLines;
    }

    private ChildProcess Start(params string[] arguments) =>
        WorkerProgram.Start(["requests", .. arguments], _worker.Settings);
}
