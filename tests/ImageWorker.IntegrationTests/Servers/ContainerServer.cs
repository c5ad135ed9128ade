using System.Diagnostics;
using Docker.DotNet.Models;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>A server in a container. Its port on the host is fixed, since Docker would give it another one each time it
/// starts. Testcontainers does not tell it while the container is stopped.</summary>
internal abstract class ContainerServer(IContainer container, int port) : IServer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public abstract string ConnectionString { get; }

    /// <summary>Whether a Docker engine answers: Testcontainers pings the known endpoints and keeps the one that does. By itself
    /// it asks for an API that engines before version 25 do not have, so it is told which one there is.</summary>
    public static bool IsAvailable { get; } = FindEngine();

    /// <summary>Where the engine publishes ports.</summary>
    protected string Host { get; } = container.Hostname;

    protected int Port { get; } = port;

    public async Task StartAsync()
    {
        await container.StartAsync(TestContext.Current.CancellationToken);
        // Its own wait looks into the container's log, where a start's message also stands from the start before.
        await Eventually.HoldsAsync(AnswersAsync, Patience);
    }

    public Task StopAsync() => container.StopAsync();

    public async Task KillAsync()
    {
        var engine = TestcontainersSettings.OS.DockerEndpointAuthConfig.GetDockerClientBuilder(Guid.NewGuid());
        using var client = engine.Build();
        await client.Containers.KillContainerAsync(container.Id, new ContainerKillParameters { Signal = "SIGKILL" });
        // Without this the next start finds a container that Testcontainers believes to be running.
        await container.StopAsync();
    }

    public ValueTask DisposeAsync() => container.DisposeAsync();

    protected abstract Task<bool> AnswersAsync();

    private static bool FindEngine()
    {
        const string Version = "DOCKER_API_VERSION";
        if (Environment.GetEnvironmentVariable(Version) is not { Length: > 0 } && AskForApi() is { Length: > 0 } api)
        {
            Environment.SetEnvironmentVariable(Version, api);
        }

        return TestcontainersSettings.OS.DockerEndpointAuthConfig is not null;
    }

    /// <summary>What tests/run.sh asks too; null without Docker's command or an engine.</summary>
    private static string? AskForApi()
    {
        using var docker = Process.Start(
            new ProcessStartInfo("timeout", ["10", "docker", "version", "--format", "{{.Server.APIVersion}}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
        var api = docker.StandardOutput.ReadToEnd().Trim();
        docker.WaitForExit();
        return docker.ExitCode == 0 ? api : null;
    }
}
