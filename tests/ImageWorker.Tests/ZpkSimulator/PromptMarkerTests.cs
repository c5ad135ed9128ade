using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.Tests.ZpkSimulator;

public sealed class PromptMarkerTests
{
    [Fact]
    public async Task General_error_strikes_the_named_images_once_and_their_resends_succeed()
    {
        await using var simulator = await StartAtOnceAsync();

        var first = await simulator.GenerateAsync("a cat [general-error 0,2]", num: 3);
        var resends = await ResendAsync(simulator, "a cat [general-error 0,2]", times: 2);

        Assert.Equal(["GENERAL_ERROR", "generated", "GENERAL_ERROR"], first.Statuses);
        Assert.Equal(["generated", "generated"], resends);
    }

    [Fact]
    public async Task General_error_with_a_count_also_strikes_as_many_resends()
    {
        await using var simulator = await StartAtOnceAsync();

        await simulator.GenerateAsync("a cat [general-error 0,2 x3]", num: 3);
        var resends = await ResendAsync(simulator, "a cat [general-error 0,2 x3]", times: 6);

        Assert.Equal([.. Enumerable.Repeat("GENERAL_ERROR", 4), "generated", "generated"], resends);
    }

    [Fact]
    public async Task General_error_strikes_the_first_submission_of_a_single_image_too()
    {
        await using var simulator = await StartAtOnceAsync();

        var submissions = await ResendAsync(simulator, "a cat [general-error 0 x2]", times: 3);

        Assert.Equal(["GENERAL_ERROR", "GENERAL_ERROR", "generated"], submissions);
    }

    [Fact]
    public async Task General_error_always_never_ends()
    {
        await using var simulator = await StartAtOnceAsync();

        var first = await simulator.GenerateAsync("a cat [general-error 1 always]", num: 2);
        var resends = await ResendAsync(simulator, "a cat [general-error 1 always]", times: 5);

        Assert.Equal(["generated", "GENERAL_ERROR"], first.Statuses);
        Assert.All(resends, status => Assert.Equal("GENERAL_ERROR", status));
    }

    [Fact]
    public async Task Policy_strikes_the_named_images_or_all()
    {
        await using var simulator = await StartAtOnceAsync();

        var one = await simulator.GenerateAsync("a cat [policy 1]", num: 2);
        var all = await simulator.GenerateAsync("a cat [policy]", num: 2);

        Assert.Equal(["generated", "CONTENT_POLICY_VIOLATION"], one.Statuses);
        Assert.Equal(["CONTENT_POLICY_VIOLATION", "CONTENT_POLICY_VIOLATION"], all.Statuses);
    }

    [Fact]
    public async Task A_resend_is_not_taken_for_the_image_that_has_its_number()
    {
        await using var simulator = await StartAtOnceAsync();

        var first = await simulator.GenerateAsync("a cat [policy 0] [general-error 1]", num: 2);
        var resends = await ResendAsync(simulator, "a cat [policy 0] [general-error 1]", times: 1);

        Assert.Equal(["CONTENT_POLICY_VIOLATION", "GENERAL_ERROR"], first.Statuses);
        Assert.Equal(["generated"], resends);
    }

    [Fact]
    public async Task Seconds_set_the_generation_time_image_by_image()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat [seconds 2,7.5]", num: 3);

        Assert.Equal(["\"2\"", "\"8\"", "\"8\""], reply.Waits);
    }

    [Theory]
    [InlineData("[policy x]")]
    [InlineData("[policy 20]")]
    [InlineData("[general-error 0 often]")]
    [InlineData("[seconds]")]
    [InlineData("[seconds soon]")]
    [InlineData("[latency]")]
    [InlineData("[reset nowhere]")]
    public async Task A_marker_that_cannot_be_read_is_refused(string marker)
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat " + marker);

        Assert.Equal(["prompt"], reply.Faulted);
    }

    [Theory]
    [InlineData("[general-error 5]", 2)]
    [InlineData("[general-error 0,2 x3]", 2)]
    [InlineData("[policy 1]", 1)]
    public async Task A_marker_for_an_image_that_is_not_asked_for_is_refused(string marker, int num)
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat " + marker, num: num);

        Assert.Equal(["prompt"], reply.Faulted);
        Assert.Equal(0, simulator.Server.ReadLedger().Totals.Submissions);
    }

    [Fact]
    public async Task Other_brackets_are_ordinary_text()
    {
        await using var simulator = await StartAtOnceAsync();

        var reply = await simulator.GenerateAsync("a [big] cat ] with [[brackets [] and [policy");

        Assert.Equal(["generated"], reply.Statuses);
    }

    private static Task<Simulator> StartAtOnceAsync() =>
        Simulator.StartAsync(options => options.GenerationTime = GenerationTime.Fixed(TimeSpan.Zero));

    private static async Task<string[]> ResendAsync(Simulator simulator, string prompt, int times)
    {
        var statuses = new string[times];
        for (var index = 0; index < times; index++)
            statuses[index] = (await simulator.GenerateAsync(prompt)).Statuses.Single();
        return statuses;
    }
}
