using System.Net;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Deploy;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Operations;

/// <summary>Alert rules and dashboard can only be as right as the names in them.</summary>
public sealed class ExportedMetricsTests(TestServers servers)
{
    [Fact]
    public async Task A_worker_exports_every_metric_that_a_rule_or_a_panel_names()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync();
        (await worker.CloseAsync(WorkerUnderTest.Command("a red fox"))).As<ImagesReady>();

        // What the worker counts and what it reads from the database are told at different times.
        await Eventually.PassesAsync(async () =>
        {
            var (status, body) = await started.GetAsync("/metrics");
            Assert.Equal(HttpStatusCode.OK, status);
            var exported = body.Split('\n').Select(NameOf).ToHashSet(StringComparer.Ordinal);
            Assert.All(
                Named(),
                name => Assert.True(exported.Contains(name) || exported.Contains($"{name}_bucket"), name)
            );
        });
    }

    /// <summary>The worker's own among the names; a test of the deployment's files keeps this list true to them.</summary>
    private static IEnumerable<string> Named() =>
        File.ReadLines(Checkout.At("deploy", "monitoring", "metrics.txt"))
            .Where(line => line.StartsWith("imageworker_", StringComparison.Ordinal));

    private static string NameOf(string line) => line.Split('{', ' ')[0];
}
