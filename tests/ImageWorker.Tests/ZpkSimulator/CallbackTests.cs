using ImageWorker.ZpkSimulator.Callbacks;

namespace ImageWorker.Tests.ZpkSimulator;

public sealed class CallbackTests
{
    [Fact]
    public async Task Each_image_is_announced_when_it_is_done()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var simulator = await Simulator.StartAsync();

        await GenerateAsync(simulator, receiver, "a cat [seconds 10,20] [policy 1]");
        Assert.Empty(receiver.Received);
        await AdvanceUntilAsync(simulator, TimeSpan.FromSeconds(10), () => receiver.Received.Count == 1);
        await AdvanceUntilAsync(simulator, TimeSpan.FromSeconds(10), () => receiver.Received.Count == 2);

        var (method, contentType, first) = receiver.Received.First();
        Assert.Equal(("POST", "application/json"), (method, contentType));
        Assert.Equal(
            $$"""
            {"unique_request_id":"one","num":0,"generation_status":"generated","wait_time":"0","cost":0.0380,"image_url":"{{simulator.Server.BaseAddress}}images/one/0.png"}
            """,
            first.GetRawText()
        );
        var second = receiver.Received.Last().Body;
        Assert.Equal("CONTENT_POLICY_VIOLATION", second.GetProperty("error_id").GetString());
        await Eventually.TrueAsync(() => Counts(simulator).Sent == 2);
    }

    [Fact]
    public async Task A_timer_that_runs_down_too_soon_announces_no_image_that_is_not_done()
    {
        var clock = new HastyTime();
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var simulator = await Simulator.StartAsync(clock: clock);

        await GenerateAsync(simulator, receiver, "a cat [seconds 0.01]");
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(0.3));
            return receiver.Received.Count == 2;
        });

        Assert.All(
            receiver.Received,
            received => Assert.Equal("generated", received.Body.GetProperty("generation_status").GetString())
        );
    }

    [Fact]
    public async Task A_callback_can_carry_all_images_or_nothing()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var images = await Simulator.StartAsync(options => options.CallbackShape = CallbackShape.Images);
        await using var empty = await Simulator.StartAsync(options => options.CallbackShape = CallbackShape.Empty);

        await GenerateAsync(images, receiver, "a cat [seconds 0,20]");
        await Eventually.TrueAsync(() => receiver.Received.Count == 1);
        await GenerateAsync(empty, receiver, "a cat [seconds 0,20]");
        await Eventually.TrueAsync(() => receiver.Received.Count == 2);

        var carried = receiver.Received.First().Body;
        Assert.Equal("one", carried.GetProperty("unique_request_id").GetString());
        Assert.Equal(2, carried.GetProperty("images").GetArrayLength());
        Assert.Equal("pending", carried.GetProperty("images")[1].GetProperty("generation_status").GetString());
        Assert.Equal("{}", receiver.Received.Last().Body.GetRawText());
    }

    [Fact]
    public async Task Callbacks_can_be_lost()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var simulator = await Simulator.StartAsync(options => options.CallbackLossRate = 1);

        await GenerateAsync(simulator, receiver, "a cat [seconds 0]");
        await Eventually.TrueAsync(() => Counts(simulator).Lost == 2);

        Assert.Empty(receiver.Received);
    }

    [Fact]
    public async Task Callbacks_can_be_duplicated()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var simulator = await Simulator.StartAsync(options => options.CallbackDuplicationRate = 1);

        await GenerateAsync(simulator, receiver, "a cat [seconds 0]");
        await Eventually.TrueAsync(() => Counts(simulator).Sent == 4);

        Assert.Equal(2, receiver.Received.Count(received => received.Body.GetProperty("num").GetInt32() == 0));
    }

    [Fact]
    public async Task Callbacks_can_be_delayed()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var simulator = await Simulator.StartAsync(options =>
            options.CallbackDelay = TimeSpan.FromSeconds(5)
        );
        await GenerateAsync(simulator, receiver, "a cat [seconds 10]");

        simulator.Clock.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal(["generated", "generated"], (await simulator.CheckAsync("one")).Statuses);
        Assert.Empty(receiver.Received);
        await AdvanceUntilAsync(simulator, TimeSpan.FromSeconds(1), () => receiver.Received.Count == 2);
    }

    [Fact]
    public async Task A_receiver_that_refuses_is_counted_and_not_asked_again()
    {
        await using var receiver = await CallbackReceiver.StartAsync(status: 500);
        await using var simulator = await Simulator.StartAsync();

        await GenerateAsync(simulator, receiver, "a cat [seconds 0]");
        await Eventually.TrueAsync(() => Counts(simulator).Failed == 2);

        Assert.Equal(2, receiver.Received.Count);
    }

    [Fact]
    public async Task A_receiver_that_is_gone_is_counted()
    {
        var receiver = await CallbackReceiver.StartAsync();
        var address = receiver.Address;
        await receiver.DisposeAsync();
        await using var simulator = await Simulator.StartAsync();

        await simulator.GenerateAsync("a cat [seconds 0]", more: $"\"callback_url\":\"{address}\"");

        await Eventually.TrueAsync(() => Counts(simulator).Failed == 1);
    }

    [Fact]
    public async Task A_check_that_follows_a_callback_is_not_early()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var simulator = await Simulator.StartAsync();
        await GenerateAsync(simulator, receiver, "a cat [seconds 10] [wait-factor 3]");

        await AdvanceUntilAsync(simulator, TimeSpan.FromSeconds(10), () => receiver.Received.Count == 2);
        await simulator.CheckAsync("one");

        Assert.Equal(0, simulator.Entry("one").ChecksEarly);
    }

    private static CallbackCounts Counts(Simulator simulator) => simulator.Server.ReadLedger().Server.Callbacks;

    private static Task<Reply> GenerateAsync(Simulator simulator, CallbackReceiver receiver, string prompt) =>
        simulator.GenerateAsync(prompt, num: 2, id: "one", more: $"\"callback_url\":\"{receiver.Address}\"");

    private static Task AdvanceUntilAsync(Simulator simulator, TimeSpan time, Func<bool> condition)
    {
        simulator.Clock.Advance(time);
        return Eventually.TrueAsync(condition);
    }
}
