using Docker.DotNet.Models;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>A server in a container. Its port on the host is fixed, since Docker would give it another one each time it
/// starts.</summary>
internal abstract class ContainerServer(IContainer container) : IServer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public abstract string ConnectionString { get; }

    /// <summary>Whether a Docker engine answers: Testcontainers pings the known endpoints and keeps the one that does.</summary>
    public static bool IsAvailable => TestcontainersSettings.OS.DockerEndpointAuthConfig is not null;

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
}
