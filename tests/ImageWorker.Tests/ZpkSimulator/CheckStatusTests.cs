using ImageWorker.ZpkSimulator.Api;
using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.Tests.ZpkSimulator;

public sealed class CheckStatusTests
{
    [Fact]
    public async Task An_image_is_pending_then_generating_then_generated_and_its_wait_runs_down()
    {
        await using var simulator = await Simulator.StartAsync();
        var id = (await simulator.GenerateAsync("a cat")).Id;
        (double Advance, string Status, string Wait)[] steps =
        [
            (5.5, "pending", "\"25\""),
            (1, "generating", "\"24\""),
            (23.4, "generating", "\"1\""),
            (0.1, "generated", "\"0\""),
        ];

        foreach (var (advance, status, wait) in steps)
        {
            simulator.Clock.Advance(TimeSpan.FromSeconds(advance));
            var reply = await simulator.CheckAsync(id);

            Assert.Equal("application/json", reply.ContentType);
            Assert.Equal([status], reply.Statuses);
            Assert.Equal([wait], reply.Waits);
            Assert.Equal("0.0380", reply.Images.Single().GetProperty("cost").GetRawText());
            Assert.Equal(status == "generated", reply.Images.Single().TryGetProperty("image_url", out _));
        }
    }

    [Fact]
    public async Task Wait_times_can_be_numbers()
    {
        await using var simulator = await Simulator.StartAsync(options => options.WaitTimeForm = WaitTimeForm.Number);

        var reply = await simulator.GenerateAsync("a cat");

        Assert.Equal(["30"], reply.Waits);
    }

    [Fact]
    public async Task Estimates_can_be_wrong_in_either_direction_but_not_by_more_than_the_factor()
    {
        await using var simulator = await Simulator.StartAsync(options => options.WaitTimeError = 3);

        var reply = await simulator.GenerateAsync("a cat", num: 20);

        var waits = reply.Images.Select(image => int.Parse(image.GetProperty("wait_time").GetString()!)).ToArray();
        Assert.All(waits, wait => Assert.InRange(wait, 10, 90));
        Assert.Contains(waits, wait => wait < 30);
        Assert.Contains(waits, wait => wait > 30);
    }

    [Fact]
    public async Task An_unfinished_image_is_never_told_to_need_no_wait()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat [wait-factor 0.001]");

        Assert.Equal(["\"1\""], reply.Waits);
    }

    [Fact]
    public async Task The_time_scale_shortens_generation_and_wait_alike()
    {
        await using var simulator = await Simulator.StartAsync(options => options.TimeScale = 0.1);
        var reply = await simulator.GenerateAsync("a cat");

        simulator.Clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(["\"3\""], reply.Waits);
        Assert.Equal(["generated"], (await simulator.CheckAsync(reply.Id)).Statuses);
    }

    [Theory]
    [InlineData("uniform 5 60", 5, 60, 32.5)]
    [InlineData("lognormal 30 0.4", 1, 600, 30)]
    public async Task Generation_times_follow_their_distribution(string time, double min, double max, double mean)
    {
        await using var simulator = await Simulator.StartAsync(options =>
            options.GenerationTime = GenerationTime.Parse(time)
        );

        for (var call = 0; call < 50; call++)
            await simulator.GenerateAsync("a cat", num: 20);

        var seconds = simulator.Server.ReadLedger().Submissions.SelectMany(entry => entry.Images, (_, i) => i.Seconds);
        Assert.All(seconds, value => Assert.InRange(value, min, max));
        Assert.InRange(seconds.Average(), mean * 0.9, mean * 1.1);
    }

    [Theory]
    [InlineData(UnknownRequestAnswer.Errors, 200, "application/json")]
    [InlineData(UnknownRequestAnswer.SuccessFalse, 200, "application/json")]
    [InlineData(UnknownRequestAnswer.NotFound, 404, "text/html")]
    public async Task An_unknown_request_is_answered_as_the_option_says(
        UnknownRequestAnswer answer,
        int status,
        string contentType
    )
    {
        await using var simulator = await Simulator.StartAsync(options => options.UnknownRequest = answer);

        var reply = await simulator.CheckAsync("nobody");

        Assert.Equal((status, contentType), (reply.Status, reply.ContentType));
        Assert.Equal(1, simulator.Server.ReadLedger().Server.UnknownChecks);
        if (answer == UnknownRequestAnswer.Errors)
            Assert.Equal(["unique_request_id"], reply.Faulted);
        if (answer == UnknownRequestAnswer.SuccessFalse)
            Assert.Equal("""{"success":false}""", reply.Text);
    }

    [Fact]
    public async Task A_check_without_an_id_is_refused()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.CheckAsync("");

        Assert.Equal(["unique_request_id"], reply.Faulted);
    }

    [Theory]
    [InlineData(true, "0.0380")]
    [InlineData(false, "0.0000")]
    public async Task A_failed_image_is_charged_if_the_option_says_so(bool charge, string cost)
    {
        await using var simulator = await Simulator.StartAsync(options => options.ChargeFailedImages = charge);
        var submitted = await simulator.GenerateAsync("a cat [general-error 0]", num: 2, id: "one");

        simulator.Clock.Advance(TimeSpan.FromSeconds(30));
        var reply = await simulator.CheckAsync("one");

        Assert.Equal("0.0760", submitted.Body.GetProperty("cost").GetRawText());
        Assert.Equal(
            [cost, "0.0380"],
            reply.Images.Select(image => image.GetProperty("cost").GetRawText()),
            StringComparer.Ordinal
        );
        Assert.Equal(charge ? 0.0760m : 0.0380m, simulator.Entry("one").Charged);
    }

    [Fact]
    public async Task Images_can_fail_by_chance()
    {
        await using var simulator = await Simulator.StartAsync(options =>
        {
            options.GenerationTime = GenerationTime.Fixed(TimeSpan.Zero);
            options.GeneralErrorRate = 0.3;
            options.PolicyViolationRate = 0.3;
        });

        var reply = await simulator.GenerateAsync("a cat", num: 20);

        Assert.Contains("GENERAL_ERROR", reply.Statuses, StringComparer.Ordinal);
        Assert.Contains("CONTENT_POLICY_VIOLATION", reply.Statuses, StringComparer.Ordinal);
        Assert.Contains("generated", reply.Statuses, StringComparer.Ordinal);
    }
}
