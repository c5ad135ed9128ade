using ImageWorker.ZpkSimulator.Ledger;

namespace ImageWorker.Tests.ZpkSimulator;

public sealed class CallLogTests
{
    [Fact]
    public async Task Calls_are_told_by_second_taken_and_refused()
    {
        await using var simulator = await Simulator.StartAsync(options => options.Limits.Add("window 2/s"));
        simulator.Clock.Advance(TimeSpan.FromSeconds(0.7));
        var first = simulator.Clock.GetUtcNow();

        await simulator.GenerateAsync("a cat", id: "one");
        await simulator.CheckAsync("one");
        await simulator.GenerateAsync("a cat");
        simulator.Clock.Advance(TimeSpan.FromSeconds(2.9));
        await simulator.CheckAsync("one");
        await simulator.CheckAsync("one");
        await simulator.CheckAsync("one");

        var calls = simulator.Server.ReadCalls();
        var server = simulator.Server.ReadLedger().Server;
        Assert.Equal(first, calls.Since);
        Assert.Equal([new(0, 1, 1, 1, 0), new(1, 0, 0, 0, 0), new CallsOfSecond(2, 0, 2, 0, 1)], calls.Seconds);
        Assert.Equal((2, 4), (server.GenerateCalls, server.CheckCalls));
        Assert.Equal((1, 1), (server.GenerateLimited, server.CheckLimited));
    }

    [Fact]
    public async Task The_last_hour_is_kept()
    {
        await using var simulator = await Simulator.StartAsync();
        int[] callAt = [0, 3599, 3600, 9000, 12598];

        var (now, kept) = (0, new List<int>());
        foreach (var at in callAt)
        {
            simulator.Clock.Advance(TimeSpan.FromSeconds(at - now));
            now = at;
            await simulator.GenerateAsync("a cat");
            kept.Add(simulator.Server.ReadCalls().Seconds.Count);
        }

        var seconds = simulator.Server.ReadCalls().Seconds;
        Assert.Equal([1, 3600, 3600, 3600, 3600], kept);
        Assert.Equal((8999, 12598), (seconds[0].Second, seconds[^1].Second));
        Assert.Equal([9000, 12598], seconds.Where(second => second.Generate > 0).Select(second => second.Second));
    }

    [Fact]
    public async Task They_are_read_over_HTTP_and_forgotten_with_the_ledger()
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat");

        var read = await simulator.GetAsync("/_calls");
        await simulator.SendAsync(HttpMethod.Delete, "/_ledger");
        var after = await simulator.GetAsync("/_calls");

        Assert.Equal(1, read.Body.GetProperty("seconds")[0].GetProperty("generate").GetInt32());
        Assert.Equal(0, after.Body.GetProperty("seconds").GetArrayLength());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, after.Body.GetProperty("since").ValueKind);
    }
}
