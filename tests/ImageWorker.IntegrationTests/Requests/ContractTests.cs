using System.Diagnostics;
using System.Net;
using ImageWorker.IntegrationTests.Deploy;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Requests;

[Collection(nameof(SharedWorker))]
public sealed class ContractTests(SharedWorkerFixture shared)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_worker_serves_is_a_good_AsyncAPI_document()
    {
        Assert.SkipUnless(
            Directory.Exists(Checkout.At("docs", "contracts", "node_modules", "@asyncapi", "parser")),
            "AsyncAPI's parser is not installed."
        );
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, (await shared.Started.GetAsync("/asyncapi.json")).Body, Ct);

        await using var parser = ChildProcess.Start(
            new ProcessStartInfo("node", ["validate.mjs", file]) { WorkingDirectory = Checkout.At("docs", "contracts") }
        );
        var exitCode = await parser.WaitForExitAsync();

        File.Delete(file);
        Assert.True(exitCode == 0, parser.Tail);
    }

    [Fact]
    public async Task Each_message_has_its_schema_and_another_name_is_told_which_there_are()
    {
        var (_, schema) = await shared.Started.GetAsync("/schemas/ImagesReady.json");
        var (status, told) = await shared.Started.GetAsync("/schemas/ImagesGone.json");

        Assert.Equal(
            await File.ReadAllTextAsync(Checkout.At("docs", "contracts", "ImagesReady.schema.json"), Ct),
            schema
        );
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("ImagesReady", told, StringComparison.Ordinal);
    }
}
