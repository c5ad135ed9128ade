namespace ImageWorker.IntegrationTests.Servers;

/// <summary>Servers apart from <see cref="TestServers"/>, for tests that stop or kill them; never ones that somebody else
/// runs. Such tests join <see cref="ServerOutages"/>, and leave the servers running in the end.</summary>
public sealed class RestartableServers() : ServersFixture(given: false);
