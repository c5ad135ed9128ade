using System.Net;
using System.Net.Sockets;

namespace ImageWorker.Zpk.Wire;

/// <summary>
/// Connects to a server. When such a connection is closed, the system forgets what it has not delivered yet. By itself it
/// would go on trying for minutes: a paid call whose timeout is long over could still arrive, and be paid for, when the
/// network is back.
/// </summary>
internal static class TcpConnection
{
    private static readonly LingerOption Forget = new(enable: true, seconds: 0);

    /// <summary>Connects to the host that the request is for, or to its proxy.</summary>
    /// <exception cref="SocketException">None of its addresses can be reached, or it has none.</exception>
    public static async ValueTask<Stream> OpenAsync(SocketsHttpConnectionContext context, CancellationToken ct) =>
        await OpenAsync(await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, ct), context.DnsEndPoint.Port, ct);

    /// <summary>Connects to the first of the addresses that can be reached.</summary>
    /// <exception cref="SocketException">None of them can.</exception>
    public static async ValueTask<Stream> OpenAsync(IPAddress[] addresses, int port, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = Forget };
        try
        {
            await socket.ConnectAsync(addresses, port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
