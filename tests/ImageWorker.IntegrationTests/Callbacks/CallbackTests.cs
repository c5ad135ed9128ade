using System.Net;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using ImageWorker.Zpk;
using ImageWorker.Zpk.Callbacks;
using ImageWorker.ZpkSimulator.Ledger;
using Microsoft.Extensions.Options;

namespace ImageWorker.IntegrationTests.Callbacks;

/// <summary>A worker that asks for callbacks, and a ZPK whose estimates are far too long: polling alone takes a minute.</summary>
public sealed class CallbackTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private const string LongEstimate = "[wait-factor 60]";

    /// <summary>What a callback could say to be believed.</summary>
    private const string Lie = """
        {"images":[{"num":0,"generation_status":"generated","image_url":"https://evil.example/0.png","cost":0}]}
        """;

    private const string Setting = "Zpk__CallbackBaseUrl";

    private static readonly TimeSpan FarFromPolling = TimeSpan.FromSeconds(40);

    private readonly WorkerUnderTest _worker = surroundings.Worker;

    [Fact]
    public async Task Callbacks_a_moment_apart_close_a_request_long_before_the_wait_told()
    {
        await using var started = await _worker.StartAsync(Asking());
        var command = WorkerUnderTest.Command($"a red fox [seconds 1,1.4] {LongEstimate}", count: 2);

        var ready = (await _worker.CloseAsync(command)).As<ImagesReady>();

        Assert.InRange(ready.ClosedAt - ready.RequestedAt, TimeSpan.FromSeconds(1.4), FarFromPolling);
        AssertPaidOnce(command, images: 2);
    }

    [Fact]
    public async Task Lost_callbacks_change_nothing_but_timing()
    {
        // Nobody listens where ZPK sends them.
        var nowhere = $"http://127.0.0.1:{LoopbackPort.Free()}";
        await using var started = await _worker.StartAsync(new KeyValuePair<string, string?>(Setting, nowhere));
        var command = WorkerUnderTest.Command("a red fox [seconds 0.5]", count: 2);

        (await _worker.CloseAsync(command)).As<ImagesReady>();

        AssertPaidOnce(command, images: 2);
    }

    [Fact]
    public async Task Forged_replayed_and_late_callbacks_change_nothing_but_timing()
    {
        await using var started = await _worker.StartAsync(Asking());
        var command = WorkerUnderTest.Command($"a red fox [seconds 2,3] {LongEstimate}", count: 2);
        await _worker.Commands.SendAsync(command);
        await Eventually.HoldsAsync(() => _worker.PaidFor(command).Submissions.Count == 1);
        var address = await AddressAsync(command);

        var statuses = new List<HttpStatusCode>();
        await Eventually.HoldsAsync(async () =>
        {
            Assert.Equal(HttpStatusCode.NotFound, await started.PostAsync(address[..^1], Lie));
            statuses.Add(await started.PostAsync(address, Lie));
            return _worker.Events.ClosingsOf(command.RequestId).Count > 0;
        });
        statuses.Add(await started.PostAsync(address, Lie));

        var ready = (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.All(statuses, status => Assert.Equal(HttpStatusCode.Accepted, status));
        Assert.All(ready.Images, image => Assert.StartsWith($"{_worker.Zpk.BaseAddress}", image.Url));
        var took = ready.ClosedAt - ready.RequestedAt;
        Assert.InRange(took, TimeSpan.FromSeconds(3), FarFromPolling);
        // One at once, and one a second.
        Assert.InRange(Ledger(command).Checks, 1, 2 + (int)took.TotalSeconds);
        AssertPaidOnce(command, images: 2);
    }

    private static KeyValuePair<string, string?>[] Asking()
    {
        var address = $"http://127.0.0.1:{LoopbackPort.Free()}";
        return [new(Setting, address), new("ASPNETCORE_URLS", address)];
    }

    /// <summary>The address that the worker gave to ZPK.</summary>
    private async Task<string> AddressAsync(GenerateImages command)
    {
        var tokens = new CallbackTokens(Options.Create(new ZpkOptions { ApiKey = _worker.Settings["Zpk__ApiKey"]! }));
        var subject = $"{command.RequestId:N}{_worker.PaidFor(command).Submissions[0].UniqueRequestId}";
        return $"zpk/callbacks/{await tokens.IssueAsync(subject, TestContext.Current.CancellationToken)}";
    }

    private LedgerTotals Ledger(GenerateImages command) => _worker.PaidFor(command).Totals;

    private void AssertPaidOnce(GenerateImages command, int images) =>
        Assert.Equal(
            (1, images, 0),
            (Ledger(command).Submissions, Ledger(command).ImagesPaid, Ledger(command).RepeatedIds)
        );
}
