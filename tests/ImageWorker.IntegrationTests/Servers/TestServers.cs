using ImageWorker.IntegrationTests.Servers;

[assembly: AssemblyFixture(typeof(TestServers))]

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>The servers all tests share, at the same time: ask for it in the constructor, take a database of your own and
/// unique queue names, and leave the servers running.</summary>
public sealed class TestServers() : ServersFixture(given: true);
