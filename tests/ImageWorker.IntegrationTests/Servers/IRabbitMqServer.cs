namespace ImageWorker.IntegrationTests.Servers;

public interface IRabbitMqServer : IServer
{
    /// <summary>The URI of a new, empty virtual host. A RabbitMQ given by a connection string has no management access
    /// here: it answers with its own URI, so queues need unique names anyway.</summary>
    Task<string> CreateVirtualHostAsync(string name);

    /// <summary>The URI of the default virtual host for a new user who may do everything there.</summary>
    Task<string> CreateUserAsync(string name, string password);

    /// <summary>Every exchange, queue and binding of a virtual host, each in one line.</summary>
    /// <param name="uri">The virtual host, as it was created.</param>
    Task<IReadOnlyList<string>> ListAsync(string uri);

    Task ChangePasswordAsync(string user, string password);

    /// <summary>Lets a user declare, write to and read in a virtual host what the patterns match.</summary>
    Task PermitAsync(string user, string virtualHost, string configure, string write, string read);

    /// <summary>Cuts every client's connection, as a network does.</summary>
    Task CutConnectionsAsync();

    /// <summary>Below this much free space publishers are blocked: see <see cref="DiskAlarm"/>.</summary>
    Task SetDiskFreeLimitAsync(long bytes);

    /// <summary>Changes a setting of rabbitmq.conf for the channels that are opened from now on.</summary>
    Task ConfigureAsync(string setting, long value);

    /// <summary>Whether some client has tried to publish while publishers are blocked.</summary>
    Task<bool> BlocksAsync();
}

public static class DiskAlarm
{
    public const long On = 1L << 60;
    public const long Off = 1_000_000;
}

internal static class ErlangSetting
{
    /// <summary>Changes a setting of a running node. Since version 4 some are read once, when the node starts, and kept.</summary>
    public static string Set(string setting, long value) =>
        $"application:set_env(rabbit, {setting}, {value}), "
        + $"persistent_term:get({setting}, none) =:= none orelse persistent_term:put({setting}, {value}).";
}
