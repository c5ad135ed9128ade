namespace ImageWorker.Tests.ZpkSimulator;

public sealed class FaultBoardTests
{
    [Fact]
    public async Task Faults_are_put_read_and_lifted_over_HTTP()
    {
        await using var simulator = await Simulator.StartAsync();

        var put = await simulator.SendAsync(
            HttpMethod.Put,
            "/_faults",
            Simulator.Json("""["http-503 check x2 5", "late 1"]""")
        );
        var unavailable = await simulator.CheckAsync("one");
        var read = await simulator.GetAsync("/_faults");
        var lifted = await simulator.SendAsync(HttpMethod.Delete, "/_faults");

        Assert.Equal(200, put.Status);
        Assert.Equal(503, unavailable.Status);
        Assert.Equal("http-503 check x2 5", read.Body[0].GetProperty("fault").GetString());
        Assert.Equal(1, read.Body[0].GetProperty("remaining").GetInt32());
        Assert.Equal(1, read.Body[0].GetProperty("hits").GetInt32());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, read.Body[1].GetProperty("remaining").ValueKind);
        Assert.Equal(0, lifted.Body.GetArrayLength());
    }

    [Theory]
    [InlineData("""["explode"]""", "explode")]
    [InlineData("""["reset sideways"]""", "sideways")]
    [InlineData("""["late"]""", "seconds")]
    [InlineData("""["say"]""", "says nothing")]
    [InlineData("""["say colour=red"]""", "colour=red")]
    [InlineData("""["say retry-after=3"]""", "does not go with its kind")]
    [InlineData("""["http-429 image_url=x"]""", "does not go with its kind")]
    [InlineData("""["reset id=X"]""", "does not go with its kind")]
    [InlineData("""[null]""", "begin")]
    [InlineData("""{"reset":true}""", "JSON")]
    public async Task A_fault_that_cannot_be_read_changes_nothing(string body, string named)
    {
        await using var simulator = await Simulator.StartAsync(options => options.Faults.Add("http-500"));

        var reply = await simulator.SendAsync(HttpMethod.Put, "/_faults", Simulator.Json(body));

        Assert.Equal(400, reply.Status);
        Assert.Contains(named, reply.Text, StringComparison.Ordinal);
        Assert.Equal("http-500", Assert.Single(simulator.Server.Faults).Fault);
    }

    [Fact]
    public async Task A_fault_strikes_as_often_as_its_count_on_its_endpoint_alone()
    {
        await using var simulator = await Simulator.StartAsync();
        simulator.Server.SetFaults("http-502 generate x2");

        var check = await simulator.CheckAsync("one");
        var calls = new int[4];
        for (var call = 0; call < calls.Length; call++)
            calls[call] = (await simulator.GenerateAsync("a cat")).Status;

        Assert.Equal(200, check.Status);
        Assert.Equal([502, 502, 200, 200], calls);
    }

    [Fact]
    public async Task A_count_is_kept_among_calls_at_the_same_time()
    {
        await using var simulator = await Simulator.StartAsync();
        simulator.Server.SetFaults("http-502 x5");

        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => simulator.GenerateAsync("a cat")));

        Assert.Equal(5, replies.Count(reply => reply.Status == 502));
        Assert.Equal((0, 5), (simulator.Server.Faults[0].Remaining, simulator.Server.Faults[0].Hits));
    }

    [Fact]
    public async Task A_probability_strikes_about_as_often_as_it_says()
    {
        await using var simulator = await Simulator.StartAsync();
        simulator.Server.SetFaults("http-502 30%");

        for (var call = 0; call < 300; call++)
            await simulator.GenerateAsync("a cat");

        Assert.InRange(simulator.Server.Faults[0].Hits, 60, 120);
    }

    [Fact]
    public async Task A_tag_confines_a_fault_to_its_submissions_on_both_endpoints()
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat [tag hers]", id: "hers");
        await simulator.GenerateAsync("a cat [tag his]", id: "his");
        simulator.Server.SetFaults("http-502 tag=hers");

        Assert.Equal(502, (await simulator.CheckAsync("hers")).Status);
        Assert.Equal(200, (await simulator.CheckAsync("his")).Status);
        Assert.Equal(502, (await simulator.GenerateAsync("a dog [tag hers]")).Status);
        Assert.Equal(200, (await simulator.GenerateAsync("a dog")).Status);
    }

    [Fact]
    public async Task Only_the_first_of_two_faults_that_spoil_an_answer_is_used_up()
    {
        await using var simulator = await Simulator.StartAsync();
        simulator.Server.SetFaults("http-502 x1", "http-503 x1");

        var first = await simulator.GenerateAsync("a cat");
        var second = await simulator.GenerateAsync("a cat");

        Assert.Equal((502, 503), (first.Status, second.Status));
    }
}
