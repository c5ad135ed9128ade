using ImageWorker.Zpk;
using Microsoft.Extensions.Time.Testing;
using static ImageWorker.Tests.Zpk.StubApi;

namespace ImageWorker.Tests.Zpk;

public sealed class CircuitTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_repeated_failures_no_call_is_made_for_a_while()
    {
        var time = new FakeTimeProvider();
        var api = new StubApi(() => Html(502));
        using var client = Client(api, time);

        await FailAsync(client, times: 4);
        time.Advance(TimeSpan.FromSeconds(5));
        var generate = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);
        var check = await client.Zpk.CheckStatusAsync("a1", Ct);

        Assert.Equal(4, api.Requests.Count);
        Assert.Equal(TimeSpan.FromSeconds(10), Assert.IsType<GenerateOutcome.Busy>(generate).RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(10), Assert.IsType<CheckOutcome.Unavailable>(check).RetryAfter);
    }

    [Fact]
    public async Task A_success_after_the_pause_closes_the_circuit()
    {
        var time = new FakeTimeProvider();
        var api = new StubApi((call, _) => Task.FromResult(call <= 4 ? Html(502) : Json(Answers.Submitted)));
        using var client = Client(api, time);

        await FailAsync(client, times: 4);
        time.Advance(TimeSpan.FromSeconds(16));

        Assert.IsType<GenerateOutcome.Accepted>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
        Assert.IsType<GenerateOutcome.Accepted>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
    }

    [Theory]
    [InlineData(200, Answers.Refused)]
    [InlineData(400, Answers.Refused)]
    [InlineData(404, "{}")]
    [InlineData(429, "{}")]
    public async Task An_api_that_answers_for_itself_does_not_open_the_circuit(int status, string body)
    {
        var api = new StubApi(() => Json(body, status));
        using var client = Client(api, new FakeTimeProvider());

        await FailAsync(client, times: 12);

        Assert.Equal(12, api.Requests.Count);
    }

    private static async Task FailAsync(ClientUnderTest client, int times)
    {
        for (var i = 0; i < times; i++)
            await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);
    }

    private static ClientUnderTest Client(StubApi api, TimeProvider time) =>
        new(api, time, zpk => zpk.BreakerMinimumCalls = 4);
}
