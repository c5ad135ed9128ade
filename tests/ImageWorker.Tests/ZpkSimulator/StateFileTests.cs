using ImageWorker.ZpkSimulator;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.ZpkSimulator;

public sealed class StateFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [Fact]
    public async Task What_was_accepted_is_known_after_a_restart_with_its_plan_and_its_price()
    {
        string[] before;
        var clock = new FakeTimeProvider();
        await using (var simulator = await StartAsync(clock))
        {
            await simulator.GenerateAsync("a cat [policy 1] [tag mine]", num: 2, id: "one", more: "\"quality\":\"hq\"");
            await simulator.GenerateAsync("a cat", id: "two");
            await simulator.GenerateAsync("a cat", id: "two");
            before = [(await simulator.CheckAsync("one")).Text, (await simulator.CheckAsync("two")).Text];
        }

        await using var restarted = await StartAsync(clock);
        string[] after = [(await restarted.CheckAsync("one")).Text, (await restarted.CheckAsync("two")).Text];
        clock.Advance(TimeSpan.FromSeconds(30));
        var ended = await restarted.CheckAsync("one");

        Assert.Equal(before, after);
        Assert.Equal(["generated", "CONTENT_POLICY_VIOLATION"], ended.Statuses);
        Assert.Equal(("mine", 0.1560m), (restarted.Entry("one").Tag, restarted.Entry("one").Charged));
        Assert.Equal((2, 0.0760m), (restarted.Entry("two").TimesAccepted, restarted.Entry("two").Charged));
    }

    [Fact]
    public async Task Failures_still_owed_are_remembered()
    {
        const string prompt = "a cat [general-error 0 x2] [seconds 0]";
        await using (var simulator = await StartAsync())
            await simulator.GenerateAsync(prompt, num: 2);

        await using var restarted = await StartAsync();
        var second = await restarted.GenerateAsync(prompt);
        var third = await restarted.GenerateAsync(prompt);

        Assert.Equal(["GENERAL_ERROR"], second.Statuses);
        Assert.Equal(["generated"], third.Statuses);
        Assert.Equal(2, restarted.Server.ReadLedger().Totals.Resends);
    }

    [Fact]
    public async Task Pictures_keep_their_addresses()
    {
        Uri picture;
        await using (var simulator = await StartAsync())
        {
            var reply = await simulator.GenerateAsync("a cat [seconds 0]");
            picture = new(reply.Images.Single().GetProperty("image_url").GetString()!);
        }

        await using var restarted = await StartAsync();

        Assert.Equal(picture.Authority, restarted.Server.BaseAddress.Authority);
        Assert.Equal(200, (await restarted.GetAsync(picture.AbsolutePath)).Status);
    }

    [Fact]
    public async Task A_port_that_is_taken_meanwhile_is_another_one()
    {
        await using (var simulator = await StartAsync())
            await simulator.GenerateAsync("a cat");
        var copy = _path + ".copy";
        File.Copy(_path, copy);

        await using var first = await StartAsync();
        await using (
            var second = await ZpkSimulatorServer.StartAsync(
                new() { StateFile = copy },
                TestContext.Current.CancellationToken
            )
        )
            Assert.NotEqual(first.Server.BaseAddress.Port, second.BaseAddress.Port);
        File.Delete(copy);
    }

    [Fact]
    public async Task A_line_that_was_cut_off_is_dropped_and_the_file_goes_on()
    {
        await using (var simulator = await StartAsync())
            await simulator.GenerateAsync("a cat", id: "one");
        await File.AppendAllTextAsync(_path, """{"id":"two","prom""", TestContext.Current.CancellationToken);

        await using (var simulator = await StartAsync())
            await simulator.GenerateAsync("a cat", id: "three");

        await using var restarted = await StartAsync();
        var ids = restarted.Server.ReadLedger().Submissions.Select(entry => entry.UniqueRequestId);
        Assert.Equal(["one", "three"], ids.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_reset_empties_the_file()
    {
        await using (var simulator = await StartAsync())
        {
            await simulator.GenerateAsync("a cat", id: "one");
            simulator.Server.Reset();
            await simulator.GenerateAsync("a cat", id: "two");
        }

        await using var restarted = await StartAsync();
        Assert.Equal("two", Assert.Single(restarted.Server.ReadLedger().Submissions).UniqueRequestId);
    }

    [Fact]
    public async Task Callbacks_of_images_under_way_are_sent_after_a_restart()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using (var simulator = await StartAsync())
            await simulator.GenerateAsync("a cat", id: "one", more: $"\"callback_url\":\"{receiver.Address}\"");

        await using var restarted = await StartAsync();
        restarted.Clock.Advance(TimeSpan.FromSeconds(30));

        await Eventually.TrueAsync(() => receiver.Received.Count == 1);
    }

    [Fact]
    public async Task A_file_in_use_is_not_shared_and_whose_it_is_is_said()
    {
        IOException refused;
        await using (await StartAsync())
            refused = await Assert.ThrowsAsync<IOException>(() => StartAsync());
        await using var next = await StartAsync();

        Assert.Equal($"{_path} belongs to the process with the id {Environment.ProcessId}.", refused.Message);
    }

    public void Dispose() => File.Delete(_path);

    private Task<Simulator> StartAsync(FakeTimeProvider? clock = null) =>
        Simulator.StartAsync(options => options.StateFile = _path, clock);
}
