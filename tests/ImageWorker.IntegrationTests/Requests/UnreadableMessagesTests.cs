using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Telemetry;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Requests;

/// <summary>Of messages that name no request, as many as the operator wants are kept. The rest is counted and told.</summary>
public sealed class UnreadableMessagesTests(TestServers servers)
{
    private const string ErrorQueue = "generate-images_error";
    private const int Limit = 50;
    private const int Unreadable = 500;

    // Messages under way to the error queue are not counted yet.
    private const int Prefetched = 128;

    [Fact]
    public async Task Above_the_limit_they_are_dropped_and_counted_and_a_few_lines_tell_of_all()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync(
            new KeyValuePair<string, string?>("Queues__MaxPutAside", $"{Limit}")
        );
        Assert.Equal(0, await DroppedAsync(started));
        var (good, cut) = (WorkerUnderTest.Command("a red fox"), WorkerUnderTest.Command("a blue fox"));

        await SendUnreadableAsync(worker, Unreadable / 2);
        await worker.Commands.SendAsync(good);
        await worker.Commands.SendBodyAsync($$"""{"requestId":"{{cut.RequestId}}","prompt":""");
        await SendUnreadableAsync(worker, Unreadable / 2);

        (await worker.ClosedOnceAsync(good)).As<ImagesReady>();
        var refused = (await worker.ClosedOnceAsync(cut)).As<ImagesFailed>();
        Assert.Equal("INVALID_BODY", Assert.Single(refused.Errors).Id);
        await Eventually.PassesAsync(async () =>
        {
            var kept = await worker.Commands.CountAsync(ErrorQueue);
            Assert.InRange(kept, (uint)Limit, (uint)(Limit + Prefetched));
            Assert.Equal(Unreadable, kept + await DroppedAsync(started));
        });
        var lines = started.Process.Lines.Where(Tells).ToList();
        Assert.InRange(lines.Count, 2, 20);
        Assert.Contains(
            lines,
            line => line.Contains($"{ErrorQueue} holds {Limit} (Queues:MaxPutAside)", StringComparison.Ordinal)
        );

        // An operator takes them away.
        await worker.Commands.TakePutAsideAsync("generate-images", (int)await worker.Commands.CountAsync(ErrorQueue));
        await Eventually.HoldsAsync(async () =>
        {
            await SendUnreadableAsync(worker, 1);
            return await worker.Commands.CountAsync(ErrorQueue) > 0;
        });
    }

    private static Task SendUnreadableAsync(WorkerUnderTest worker, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => worker.Commands.SendBodyAsync("no JSON")));

    private static async Task<double> DroppedAsync(StartedWorker started) =>
        (await Scrape.OfAsync(started)).Value("imageworker_messages_dropped_total", "queue=\"generate-images\"");

    private static bool Tells(string line) => line.Contains("cannot be read", StringComparison.Ordinal);
}
