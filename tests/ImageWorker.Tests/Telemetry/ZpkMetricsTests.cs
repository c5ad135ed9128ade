using ImageWorker.Tests.Submission;
using ImageWorker.Tests.Zpk;
using ImageWorker.Zpk;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Tests.Telemetry;

public sealed class ZpkMetricsTests
{
    private const string Duration = "imageworker.zpk.call.duration";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(200, Answers.Submitted, "accepted")]
    [InlineData(200, Answers.Refused, "refused")]
    [InlineData(429, "{}", "busy")]
    [InlineData(502, "{}", "unknown")]
    public async Task Each_paid_call_is_timed_by_its_outcome(int status, string body, string outcome)
    {
        using var api = new StubZpk();
        api.Generate(body, status);
        await using var worker = await WorkerUnderTest.StartAsync(api);
        using var measured = new Measured(worker);

        await worker.Services.GetRequiredService<ZpkImagesClient>().GenerateAsync(ClientUnderTest.Parameters, Ct);

        Assert.Single(measured.Of($"{Duration}{{call=generate,outcome={outcome}}}"));
    }

    [Theory]
    [InlineData(200, Answers.Checked, "found")]
    [InlineData(200, Answers.NotFound, "not_found")]
    [InlineData(502, "{}", "unavailable")]
    public async Task Each_check_is_timed_by_its_outcome(int status, string body, string outcome)
    {
        using var api = new StubZpk();
        api.Check(body, status);
        await using var worker = await WorkerUnderTest.StartAsync(api);
        using var measured = new Measured(worker);

        await worker.Services.GetRequiredService<ZpkImagesClient>().CheckStatusAsync("a1", Ct);

        Assert.Single(measured.Of($"{Duration}{{call=check,outcome={outcome}}}"));
    }

    [Fact]
    public async Task An_open_circuit_shows()
    {
        using var api = new StubZpk();
        api.Check("{}", 502);
        await using var worker = await WorkerUnderTest.StartAsync(
            api,
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Zpk:BreakerMinimumCalls"] = "2",
                ["Zpk:CheckRetries"] = "0",
            }
        );
        using var measured = new Measured(worker);

        await worker.Services.GetRequiredService<ZpkImagesClient>().CheckStatusAsync("a1", Ct);
        await worker.Services.GetRequiredService<ZpkImagesClient>().CheckStatusAsync("a1", Ct);
        measured.Observe();

        Assert.Equal([1], measured.Of("imageworker.zpk.circuit_open"));
    }
}
