using System.Net.Security;
using System.Security.Authentication;
using MassTransit;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Hosting;

/// <summary>
/// How every part of this program reaches the broker. With <c>amqps</c> the broker's certificate must be valid and name
/// its host. MassTransit by itself uses TLS on port 5671 alone, and takes a certificate of any issuer.
/// </summary>
public static class BrokerHost
{
    private const SslPolicyErrors All =
        SslPolicyErrors.RemoteCertificateChainErrors
        | SslPolicyErrors.RemoteCertificateNameMismatch
        | SslPolicyErrors.RemoteCertificateNotAvailable;

    /// <summary>
    /// A connection that falls silent is noticed after two of these. The client's default of a minute would leave the
    /// worker deaf for minutes.
    /// </summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    /// <summary>For MassTransit.</summary>
    /// <param name="rabbit">What to configure.</param>
    /// <param name="rabbitMq">The broker's address.</param>
    /// <param name="beforeConnecting">Awaited before each attempt to connect; null for nothing.</param>
    public static void UseBroker(
        this IRabbitMqBusFactoryConfigurator rabbit,
        string rabbitMq,
        Func<Task>? beforeConnecting = null
    )
    {
        var address = new Uri(rabbitMq);
        rabbit.Host(
            address,
            host =>
            {
                host.Heartbeat(Heartbeat);
                if (beforeConnecting is not null)
                    host.OnRefreshConnectionFactory = _ => beforeConnecting();
                if (IsSecure(address))
                    host.UseSsl(ssl =>
                    {
                        ssl.ServerName = address.Host;
                        // The system chooses safe versions.
                        ssl.Protocol = SslProtocols.None;
                        ssl.EnforcePolicyErrors(All);
                    });
            }
        );
    }

    /// <summary>For RabbitMQ's own client.</summary>
    public static ConnectionFactory Factory(string rabbitMq)
    {
        var address = new Uri(rabbitMq);
        var factory = new ConnectionFactory
        {
            Uri = address,
            AutomaticRecoveryEnabled = false,
            RequestedHeartbeat = Heartbeat,
            RequestedConnectionTimeout = TimeSpan.FromSeconds(10),
            HandshakeContinuationTimeout = TimeSpan.FromSeconds(10),
        };
        if (IsSecure(address))
            factory.Ssl = new(address.Host, enabled: true) { Version = SslProtocols.None };
        return factory;
    }

    /// <summary>
    /// The user of the connection, which a message may state. A tenant can be kept to certain users. Null if the address
    /// names none.
    /// </summary>
    public static string? UserOf(string rabbitMq) => Factory(rabbitMq).UserName is { Length: > 0 } user ? user : null;

    /// <summary>A connection for a command, which tells what is wrong where the worker would try again and again.</summary>
    /// <exception cref="BrokerException">There is none to be had.</exception>
    public static async Task<IConnection> ConnectAsync(string rabbitMq, CancellationToken ct)
    {
        IConnection? connection = null;
        try
        {
            connection = await Factory(rabbitMq).CreateConnectionAsync("ImageWorker", ct);
            // A virtual host that is missing shows only then.
            await (await connection.CreateChannelAsync(cancellationToken: ct)).DisposeAsync();
            return connection;
        }
        catch (Exception exception) when (exception is BrokerUnreachableException or RabbitMQClientException)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            throw new BrokerException(rabbitMq, exception);
        }
    }

    private static bool IsSecure(Uri address) => address.Scheme == "amqps";
}

/// <summary>What is wrong with the broker, in one line: it is not there, or not to be trusted, or does not let us in.</summary>
public sealed class BrokerException(string rabbitMq, Exception inner)
    : Exception(BrokerProblem.Of(inner, rabbitMq).Text, inner);
