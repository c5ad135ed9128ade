namespace ImageWorker.IntegrationTests.Servers;

/// <summary>A server that tests connect to. Its address and its data outlast stops and crashes; disposing removes it.</summary>
/// <remarks>A server given by a connection string is not ours: to start, stop or kill it throws.</remarks>
public interface IServer : IAsyncDisposable
{
    /// <summary>An AMQP URI, or an Npgsql connection string to the administration database.</summary>
    string ConnectionString { get; }

    /// <summary>Starts it, again too; returns when it serves clients.</summary>
    Task StartAsync();

    /// <summary>An orderly shutdown.</summary>
    Task StopAsync();

    /// <summary>SIGKILL: a crash of the whole server.</summary>
    Task KillAsync();
}
