using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.Tests.ZpkSimulator;

public sealed class LedgerTests
{
    [Fact]
    public async Task A_check_before_the_wait_told_has_passed_is_early_and_one_long_after_is_late()
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat [seconds 10,30]", num: 2, id: "one");
        int[] checkAt = [9_800, 11_000, 36_000];

        var now = 0;
        foreach (var at in checkAt)
        {
            simulator.Clock.Advance(TimeSpan.FromMilliseconds(at - now));
            await simulator.CheckAsync("one");
            now = at;
        }

        var entry = simulator.Entry("one");
        Assert.Equal((3, 1, 1), (entry.Checks, entry.ChecksEarly, entry.ChecksLate));
        Assert.Equal([1, 6], entry.Images.Select(image => image.Lateness!.Value));
    }

    [Fact]
    public async Task A_check_is_measured_by_what_was_told_even_if_that_was_wrong()
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat [wait-factor 0.5]", id: "one");

        simulator.Clock.Advance(TimeSpan.FromSeconds(15));
        await simulator.CheckAsync("one");

        Assert.Equal(0, simulator.Entry("one").ChecksEarly);
    }

    [Fact]
    public async Task A_client_whose_answer_was_lost_was_told_nothing_and_cannot_be_early()
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat [http-502 after]", id: "one");

        await simulator.CheckAsync("one");

        Assert.Equal((1, 0), (simulator.Entry("one").Checks, simulator.Entry("one").ChecksEarly));
    }

    [Fact]
    public async Task Nothing_was_paid_twice_if_what_was_paid_equals_what_was_asked_and_resent()
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat [tag mine] [general-error 0,1]", num: 4, id: "one");
        await simulator.GenerateAsync("a cat [tag mine] [general-error 0,1]", id: "two");
        await simulator.GenerateAsync("a cat [tag mine] [general-error 0,1]", id: "three");
        await simulator.GenerateAsync("a dog", num: 2, id: "four");

        var report = simulator.Server.ReadLedger();

        var mine = report.Tags["mine"];
        Assert.Equal((4, 2, 6), (mine.ImagesAsked, mine.Resends, mine.ImagesPaid));
        Assert.Equal(0.2280m, mine.Charged);
        Assert.Equal((2, 0, 2), (report.Tags[""].ImagesAsked, report.Tags[""].Resends, report.Tags[""].ImagesPaid));
        Assert.Equal((4, 6, 2, 8, 0), Sums(report.Totals));
        var resent = report.Submissions.Where(entry => entry.Resend).Select(entry => entry.UniqueRequestId);
        Assert.Equal(["three", "two"], resent.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_repeated_id_shows_as_paid_twice()
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat", num: 3, id: "one");
        await simulator.CheckAsync("one");

        await simulator.GenerateAsync("a cat", num: 3, id: "one");

        var entry = simulator.Entry("one");
        Assert.Equal((2, 6, 0.2280m, 1), (entry.TimesAccepted, entry.ImagesPaid, entry.Charged, entry.Checks));
        Assert.Equal((2, 3, 0, 6, 1), Sums(simulator.Server.ReadLedger().Totals));
    }

    [Fact]
    public async Task The_ledger_is_read_by_tag_summed_up_and_reset_over_HTTP()
    {
        await using var simulator = await Simulator.StartAsync(options =>
            options.GenerationTime = GenerationTime.Fixed(TimeSpan.Zero)
        );
        await simulator.GenerateAsync("a cat [tag mine]", num: 2, id: "one");
        await simulator.GenerateAsync("a dog");

        var ledger = await simulator.GetAsync("/_ledger?tag=mine");
        var summary = await simulator.GetAsync("/_summary");
        var reset = await simulator.SendAsync(HttpMethod.Delete, "/_ledger");
        var after = await simulator.GetAsync("/_ledger");

        var entry = Assert.Single(ledger.Body.GetProperty("submissions").EnumerateArray());
        Assert.Equal("one", entry.GetProperty("uniqueRequestId").GetString());
        Assert.Equal("0.0760", entry.GetProperty("charged").GetRawText());
        Assert.Equal(2, ledger.Body.GetProperty("totals").GetProperty("imagesPaid").GetInt32());
        Assert.Equal(0, summary.Body.GetProperty("submissions").GetArrayLength());
        Assert.Equal(3, summary.Body.GetProperty("totals").GetProperty("imagesPaid").GetInt32());
        Assert.Equal(204, reset.Status);
        Assert.Equal(0, after.Body.GetProperty("totals").GetProperty("submissions").GetInt32());
        Assert.Equal(0, after.Body.GetProperty("server").GetProperty("generateCalls").GetInt32());
    }

    [Fact]
    public async Task Open_connections_are_counted_with_their_peak()
    {
        await using var simulator = await Simulator.StartAsync();

        var calls = Enumerable.Range(0, 8).Select(_ => simulator.GenerateAsync("a cat [latency 1 x8]")).ToArray();
        await Eventually.TrueAsync(() => simulator.Server.ReadLedger().Server.GenerateCalls == 8);
        await Eventually.TrueAsync(() =>
        {
            simulator.Clock.Advance(TimeSpan.FromSeconds(1));
            return calls.All(call => call.IsCompleted);
        });

        var server = simulator.Server.ReadLedger().Server;
        Assert.Equal(8, server.PeakOpenConnections);
        Assert.InRange(server.OpenConnections, 1, 8);
    }

    private static (int, int, int, int, int) Sums(ImageWorker.ZpkSimulator.Ledger.LedgerTotals totals) =>
        (totals.Submissions, totals.ImagesAsked, totals.Resends, totals.ImagesPaid, totals.RepeatedIds);
}
