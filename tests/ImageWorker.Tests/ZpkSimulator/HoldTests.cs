namespace ImageWorker.Tests.ZpkSimulator;

public sealed class HoldTests
{
    private const string Hold = "\"connection_type\":\"hold\"";

    [Fact]
    public async Task A_hold_call_is_answered_when_every_image_is_done()
    {
        await using var simulator = await Simulator.StartAsync();

        var call = simulator.GenerateAsync("a cat [seconds 1,8]", num: 2, id: "one", more: Hold);
        await Eventually.TrueAsync(() => simulator.Server.ReadLedger().Submissions.Count == 1);
        Assert.Equal(["pending", "pending"], (await simulator.CheckAsync("one")).Statuses);
        Assert.False(call.IsCompleted);
        await Eventually.TrueAsync(() =>
        {
            simulator.Clock.Advance(TimeSpan.FromSeconds(1));
            return call.IsCompleted;
        });

        Assert.Equal(["generated", "generated"], (await call).Statuses);
        Assert.Equal("0.0760", (await call).Body.GetProperty("cost").GetRawText());
    }

    [Fact]
    public async Task A_timer_that_runs_down_too_soon_does_not_end_a_hold_call()
    {
        var clock = new HastyTime();
        await using var simulator = await Simulator.StartAsync(clock: clock);

        var call = simulator.GenerateAsync("a cat [seconds 0.01]", id: "one", more: Hold);
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(0.3));
            return call.IsCompleted;
        });

        Assert.Equal(["generated"], (await call).Statuses);
    }

    [Fact]
    public async Task A_client_that_went_away_gets_its_images_with_check_status()
    {
        await using var simulator = await Simulator.StartAsync();
        using var leave = new CancellationTokenSource();
        var call = simulator.SendCancellableAsync(
            HttpMethod.Post,
            "/api/images/generate",
            Simulator.Json(
                """
                {"application_id":"app","api_key":"key","prompt":"a cat","unique_request_id":"one","connection_type":"hold"}
                """
            ),
            leave.Token
        );
        await Eventually.TrueAsync(() => simulator.Server.ReadLedger().Submissions.Count == 1);

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        simulator.Clock.Advance(TimeSpan.FromSeconds(30));
        var reply = await simulator.CheckAsync("one");

        Assert.Equal(["generated"], reply.Statuses);
        Assert.Equal(1, simulator.Entry("one").TimesAccepted);
    }
}
