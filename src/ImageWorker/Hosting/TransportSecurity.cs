using System.Net;
using Npgsql;

namespace ImageWorker.Hosting;

/// <summary>
/// Warns of what somebody on the network could read or change. The worker warns once at the start and does not refuse,
/// because many networks are a container platform's own. (To ZPK plain http is refused; see <c>Zpk:AllowInsecure</c>.)
/// </summary>
public static class TransportSecurity
{
    /// <summary>One line for each connection that leaves this machine unverified.</summary>
    public static IEnumerable<string> Warnings(this Connections connections)
    {
        if (connections.RabbitMq is { } rabbitMq)
        {
            var address = new Uri(rabbitMq);
            if (address.Scheme != "amqps" && !IsLocal(address.Host))
                yield return $"ConnectionStrings:RabbitMq: the connection to {address.Host} is not encrypted; amqps:// is, and is verified";
        }
        if (connections.Postgres is { } postgres)
        {
            var settings = new NpgsqlConnectionStringBuilder(postgres);
            if (settings.SslMode is not SslMode.VerifyFull && !settings.Host!.Split(',').All(IsLocal))
                yield return $"ConnectionStrings:Postgres: who answers as {settings.Host} is not verified; with 'SSL Mode=VerifyFull' it is";
        }
    }

    private static bool IsLocal(string host) =>
        host.StartsWith('/')
        || host.Split(':')[0].Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPEndPoint.TryParse(host, out var address) && IPAddress.IsLoopback(address.Address));
}
