using System.Net;
using System.Net.Sockets;
using ImageWorker.Hosting;
using ImageWorker.Requests;

namespace ImageWorker.Engine;

/// <summary>
/// Connects to a webhook's host. The address is judged when it is connected to: a name can lead elsewhere a moment after it
/// was looked up, and so can a number be written in many ways.
/// </summary>
internal static class WebhookConnection
{
    public const string HttpClientName = "Webhooks";

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>Follows no redirect, uses no proxy and keeps no cookie: each of them would lead elsewhere.</summary>
    public static SocketsHttpHandler Handler(WebhookOptions options) =>
        new()
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = options.Timeout,
            PooledConnectionLifetime = Lifetime,
            ConnectCallback = (context, ct) => ConnectAsync(context.DnsEndPoint, options.AllowPrivate, ct),
        };

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, bool allowPrivate, CancellationToken ct)
    {
        var addresses = await Dns.GetHostAddressesAsync(host.Host, ct);
        var usable = allowPrivate ? addresses : Array.FindAll(addresses, PublicAddress.Is);
        if (usable.Length == 0)
            throw new HttpRequestException(
                "its host leads to this machine or into a private network (Webhooks:AllowPrivate)"
            );
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(usable, host.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
