namespace ImageWorker.IntegrationTests.Servers;

/// <summary>The tests that stop or kill servers: one at a time, on servers that no other test uses.</summary>
[CollectionDefinition(nameof(ServerOutages))]
public sealed class ServerOutages : ICollectionFixture<RestartableServers>;
