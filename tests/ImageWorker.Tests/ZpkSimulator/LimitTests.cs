using System.Globalization;

namespace ImageWorker.Tests.ZpkSimulator;

public sealed class LimitTests
{
    [Theory]
    [InlineData("bucket 2/s", "0 0 0- 499- 500 500- 5000 5000 5000-")]
    [InlineData("bucket 2/s burst 3", "0 0 0 0- 500 500-")]
    [InlineData("bucket 2/s burst 1", "0 0- 499- 500 600- 1000")]
    [InlineData("bucket 120/m burst 1", "0 0- 499- 500")]
    [InlineData("window 2/s", "0 900 950- 1000 1000 1900- 3999 3999 4000")]
    [InlineData("window 2/10s", "0 0 9999- 10000")]
    [InlineData("sliding 2/s", "0 900 950- 1000 1800- 1900 1900-")]
    [InlineData("sliding 1/h", "0 3599999- 3600000")]
    public async Task A_limit_lets_through_what_it_says(string limit, string calls)
    {
        await using var simulator = await Simulator.StartAsync(options => options.Limits.Add(limit));
        var wanted = calls.Split(' ').Select(call => (At: Milliseconds(call), IsTaken: !call.EndsWith('-'))).ToList();

        var taken = new List<bool>();
        var now = 0;
        foreach (var (at, _) in wanted)
        {
            simulator.Clock.Advance(TimeSpan.FromMilliseconds(at - now));
            now = at;
            taken.Add((await simulator.GenerateAsync("a cat")).Status == 200);
        }

        Assert.Equal(wanted.Select(call => call.IsTaken), taken);
    }

    [Fact]
    public async Task Calls_at_once_are_those_under_way_held_ones_too()
    {
        await using var simulator = await Simulator.StartAsync(options => options.Limits.Add("at-once 2"));
        const string hold = "\"connection_type\":\"hold\"";
        var held = simulator.GenerateAsync("a cat", id: "one", more: hold);
        var slow = simulator.GenerateAsync("a cat [latency 30]", id: "two");
        await Eventually.TrueAsync(() => simulator.Server.ReadLedger().Server.GenerateCalls == 2);

        var third = await simulator.CheckAsync("one");
        await Eventually.TrueAsync(() =>
        {
            simulator.Clock.Advance(TimeSpan.FromSeconds(1));
            return held.IsCompleted && slow.IsCompleted;
        });
        await Eventually.TrueAsync(async () => (await simulator.CheckAsync("one")).Status == 200);

        Assert.Equal(429, third.Status);
        Assert.Equal((200, 200), ((await held).Status, (await slow).Status));
    }

    [Fact]
    public async Task A_call_whose_client_has_gone_makes_room()
    {
        await using var simulator = await Simulator.StartAsync(options => options.Limits.Add("at-once 1"));
        using var giveUp = new CancellationTokenSource();
        var abandoned = simulator.SendCancellableAsync(
            HttpMethod.Post,
            "/api/images/generate",
            Simulator.Json("""{"application_id":"app","api_key":"key","prompt":"a cat [latency 60]"}"""),
            giveUp.Token
        );
        await Eventually.TrueAsync(() => simulator.Server.ReadLedger().Server.GenerateCalls == 1);

        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);

        await Eventually.TrueAsync(async () => (await simulator.GenerateAsync("a dog")).Status == 200);
    }

    [Theory]
    [InlineData("window 1/s", 429, 429)]
    [InlineData("window 1/s generate", 429, 200)]
    [InlineData("window 1/s check", 200, 429)]
    public async Task A_limit_counts_both_endpoints_or_one_alone(string limit, int generate, int check)
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat", id: "one");
        simulator.Server.SetLimits(limit);
        await simulator.GenerateAsync("a cat");
        await simulator.CheckAsync("one");

        var generated = await simulator.GenerateAsync("a cat");
        var checkedAgain = await simulator.CheckAsync("one");

        Assert.Equal((generate, check), (generated.Status, checkedAgain.Status));
    }

    [Theory]
    [InlineData("window 1/s", null)]
    [InlineData("window 1/s retry-after=30", 30)]
    public async Task A_refused_call_is_neither_read_nor_charged(string limit, int? retryAfter)
    {
        await using var simulator = await Simulator.StartAsync(options => options.Limits.Add(limit));
        simulator.Server.SetFaults("reset generate after");
        await simulator.CheckAsync("none");

        var refused = await simulator.GenerateAsync("a cat");

        Assert.Equal((429, "text/html"), (refused.Status, refused.ContentType));
        Assert.Equal(retryAfter, (int?)refused.RetryAfter?.Delta?.TotalSeconds);
        Assert.Equal(0, simulator.Server.ReadLedger().Totals.Submissions);
        Assert.Equal(0, simulator.Server.Faults[0].Hits);
    }

    [Fact]
    public async Task Of_several_limits_all_must_allow_a_call_and_one_that_refuses_uses_up_none()
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat", id: "one");
        simulator.Server.SetLimits("window 2/h", "window 1/h generate");
        await simulator.GenerateAsync("a cat");

        var refused = await simulator.GenerateAsync("a cat");
        var check = await simulator.CheckAsync("one");
        var last = await simulator.CheckAsync("one");

        Assert.Equal((429, 200, 429), (refused.Status, check.Status, last.Status));
        Assert.Equal([(2, 1), (1, 1)], simulator.Server.Limits.Select(limit => (limit.Taken, limit.Refused)));
    }

    [Fact]
    public async Task A_limit_is_kept_among_calls_at_the_same_time()
    {
        await using var simulator = await Simulator.StartAsync(options => options.Limits.Add("sliding 5/s"));

        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => simulator.GenerateAsync("a cat")));

        Assert.Equal(5, replies.Count(reply => reply.Status == 200));
    }

    [Fact]
    public async Task Limits_are_put_read_and_lifted_over_HTTP()
    {
        await using var simulator = await Simulator.StartAsync();

        var put = await simulator.SendAsync(
            HttpMethod.Put,
            "/_limits",
            Simulator.Json("""["bucket 30/m burst 1 generate", "at-once 8"]""")
        );
        await simulator.GenerateAsync("a cat");
        await simulator.GenerateAsync("a cat");
        var read = (await simulator.GetAsync("/_limits")).Body;
        var lifted = await simulator.SendAsync(HttpMethod.Delete, "/_limits");

        Assert.Equal(200, put.Status);
        Assert.Equal("bucket 30/m burst 1 generate", read[0].GetProperty("limit").GetString());
        Assert.Equal(0.5, read[0].GetProperty("perSecond").GetDouble());
        Assert.Equal((1, 1), (read[0].GetProperty("taken").GetInt64(), read[0].GetProperty("refused").GetInt64()));
        Assert.False(read[0].GetProperty("check").GetBoolean());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, read[1].GetProperty("perSecond").ValueKind);
        Assert.Equal(8, read[1].GetProperty("atOnce").GetInt32());
        Assert.Equal(0, lifted.Body.GetArrayLength());
        Assert.Equal(200, (await simulator.GenerateAsync("a cat")).Status);
    }

    [Theory]
    [InlineData("""["funnel 50/s"]""", "funnel")]
    [InlineData("""["bucket"]""", "50/s")]
    [InlineData("""["at-once"]""", "at-once 8")]
    [InlineData("""["window 50/s sideways"]""", "sideways")]
    [InlineData("""["window 50/s burst 50"]""", "burst")]
    [InlineData("""["window 50/s 20/s"]""", "20/s")]
    [InlineData("""["window 50/d"]""", "50/d")]
    [InlineData("""["window 0/s"]""", "0/s")]
    [InlineData("""["window 1.5/s"]""", "1.5/s")]
    [InlineData("""["window 50/0s"]""", "50/0s")]
    [InlineData("""["sliding 1000001/s"]""", "1000001/s")]
    [InlineData("""["at-once 5/s"]""", "5/s")]
    [InlineData("""["bucket 50/s burst"]""", "burst")]
    [InlineData("""["bucket 50/s burst many"]""", "burst")]
    [InlineData("""["window 50/s retry-after=soon"]""", "retry-after=soon")]
    [InlineData("""["window 50/s retry-after=-1"]""", "retry-after=-1")]
    [InlineData("""[null]""", "begin")]
    [InlineData("""{"window":50}""", "JSON")]
    public async Task A_limit_that_cannot_be_read_changes_nothing(string body, string named)
    {
        await using var simulator = await Simulator.StartAsync(options => options.Limits.Add("window 9/s"));

        var reply = await simulator.SendAsync(HttpMethod.Put, "/_limits", Simulator.Json(body));

        Assert.Equal(400, reply.Status);
        Assert.Contains(named, reply.Text, StringComparison.Ordinal);
        Assert.Equal("window 9/s", Assert.Single(simulator.Server.Limits).Limit);
    }

    private static int Milliseconds(string call) => int.Parse(call.TrimEnd('-'), CultureInfo.InvariantCulture);
}
