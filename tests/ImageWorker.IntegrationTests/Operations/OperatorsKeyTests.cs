using System.Net;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Operations;

/// <summary>The executable with a key.</summary>
public sealed class OperatorsKeyTests(TestServers servers)
{
    private const string Key = "a-key-of-some-length";

    [Fact]
    public async Task Without_the_schema_anybody_is_told_so_and_operators_what_to_do()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers, migrated: false);
        await using var started = worker.Launch(new KeyValuePair<string, string?>("Operations__Key", Key));

        var (_, anybody) = await started.GetAsync("/health/ready");
        var (_, operators) = await started.GetAsync("/health/ready", Key);

        Assert.Contains("\"problem\":\"schema missing\"", anybody, StringComparison.Ordinal);
        Assert.DoesNotContain("ImageWorker migrate", anybody, StringComparison.Ordinal);
        Assert.Contains("ImageWorker migrate", operators, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await started.GetAsync("/")).Status);
        Assert.Equal(HttpStatusCode.OK, (await started.GetAsync("/", Key)).Status);
    }

    [Fact]
    public async Task Healthcheck_shows_the_key_that_it_has_and_needs_none()
    {
        using var folder = new EmptyFolder();
        var file = folder.At("key");
        await File.WriteAllTextAsync(file, "a ключ of some length", TestContext.Current.CancellationToken);
        await using var started = WorkerProgram.StartWorker([new("Operations__KeyFile", file)], folder.FullName);
        await started.ReadyAsync();
        var address = new KeyValuePair<string, string?>("ASPNETCORE_URLS", $"{await started.AddressOfAsync("/")}");

        await using var withKey = WorkerProgram.Start(["healthcheck"], [address, new("Operations__KeyFile", file)]);
        await using var without = WorkerProgram.Start(["healthcheck"], [address]);

        Assert.Equal((0, 0), (await withKey.WaitForExitAsync(), await without.WaitForExitAsync()));
        Assert.Contains("answers, and takes changes", Assert.Single(withKey.OutputLines), StringComparison.Ordinal);
        Assert.DoesNotContain("answers", Assert.Single(without.OutputLines), StringComparison.Ordinal);
    }
}
