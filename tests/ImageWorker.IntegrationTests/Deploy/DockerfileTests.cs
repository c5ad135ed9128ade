using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Deploy;

public sealed class DockerfileTests(TestServers servers, Dockerfile dockerfile) : IClassFixture<Dockerfile>
{
    [Fact]
    public async Task The_worker_migrates_works_and_tells_its_health_without_rights_or_anything_to_write_to()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers, migrated: false);
        using var secrets = new EmptyFolder();
        var settings = AsFiles(worker.Settings, secrets);
        settings["ASPNETCORE_URLS"] = $"http://*:{LoopbackPort.Free()}";

        Assert.Equal(1, await dockerfile.CheckHealthAsync("worker", settings));
        await using (var migration = dockerfile.Start("worker", settings, "migrate"))
        {
            Assert.True(await migration.WaitForExitAsync() == 0, migration.Tail);
        }

        await using var started = dockerfile.Start("worker", settings);
        await started.WaitForLineAsync(line => line.Contains(" Working: ", StringComparison.Ordinal));
        await Eventually.HoldsAsync(async () => await dockerfile.CheckHealthAsync("worker", settings) == 0);
        var command = WorkerUnderTest.Command("a red fox");
        (await worker.CloseAsync(command)).As<ImagesReady>();

        started.Terminate();
        Assert.Equal(0, await started.WaitForExitAsync());
        Assert.Empty(started.ErrorLines);
    }

    [Fact]
    public async Task The_simulator_serves_and_tells_its_health()
    {
        KeyValuePair<string, string?>[] settings = [new("ZPKSIM_Port", $"{LoopbackPort.Free()}")];

        Assert.Equal(1, await dockerfile.CheckHealthAsync("simulator", settings));
        await using var simulator = dockerfile.Start("simulator", settings);
        await simulator.WaitForLineAsync(line => line.Contains("listens on", StringComparison.Ordinal));
        await Eventually.HoldsAsync(async () => await dockerfile.CheckHealthAsync("simulator", settings) == 0);

        simulator.Terminate();
        Assert.Equal(0, await simulator.WaitForExitAsync());
    }

    /// <summary>The secrets among the settings as files that the images' user can read, as Kubernetes mounts them.</summary>
    private static Dictionary<string, string?> AsFiles(
        IReadOnlyDictionary<string, string?> settings,
        EmptyFolder secrets
    )
    {
        File.SetUnixFileMode(secrets.FullName, UnprivilegedUser.Traversable);
        var others = new Dictionary<string, string?>(settings, StringComparer.Ordinal)
        {
            ["SecretsFolder"] = secrets.FullName,
            ["Zpk__ApiKeyFile"] = secrets.At("zpk-api-key"),
        };
        File.WriteAllText(secrets.At("zpk-api-key"), settings["Zpk__ApiKey"]);
        others.Remove("Zpk__ApiKey");
        foreach (var key in new[] { "ConnectionStrings__RabbitMq", "ConnectionStrings__Postgres" })
        {
            File.WriteAllText(secrets.At(key), settings[key]);
            others.Remove(key);
        }

        return others;
    }
}
