namespace ImageWorker.IntegrationTests.Servers;

/// <summary>A server somebody else runs, named by a connection string in the environment.</summary>
internal sealed class GivenServer(string connectionString) : IRabbitMqServer
{
    public string ConnectionString => connectionString;

    public Task StartAsync() => throw NotOurs();

    public Task StopAsync() => throw NotOurs();

    public Task KillAsync() => throw NotOurs();

    public Task<string> CreateVirtualHostAsync(string name) => Task.FromResult(connectionString);

    public Task<string> CreateUserAsync(string name, string password) => throw NotOurs();

    public Task<IReadOnlyList<string>> ListAsync(string uri) => throw NotOurs();

    public Task ChangePasswordAsync(string user, string password) => throw NotOurs();

    public Task PermitAsync(string user, string virtualHost, string configure, string write, string read) =>
        throw NotOurs();

    public Task CutConnectionsAsync() => throw NotOurs();

    public Task SetDiskFreeLimitAsync(long bytes) => throw NotOurs();

    public Task ConfigureAsync(string setting, long value) => throw NotOurs();

    public Task<bool> BlocksAsync() => throw NotOurs();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static InvalidOperationException NotOurs() =>
        new("This server comes from a connection string: a test that stops servers takes RestartableServers.");
}
