using System.Net;
using ImageWorker.Zpk.Wire;

namespace ImageWorker.Zpk.Pictures;

/// <summary>
/// Connects downloads of pictures. A name, or a redirect, that leads to this machine or into a private network is not
/// followed there: the request itself could do harm inside, whatever its answer is worth.
/// </summary>
internal static class PictureConnection
{
    public static async ValueTask<Stream> OpenAsync(SocketsHttpConnectionContext context, Uri api, CancellationToken ct)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = await Dns.GetHostAddressesAsync(host, ct);
        // A proxy is the operator's choice, and resolves the name itself.
        var isProxy = context.InitialRequestMessage.RequestUri?.DnsSafeHost != host;
        if (!isProxy && host != api.DnsSafeHost)
            addresses = Array.FindAll(addresses, address => PictureAddress.MayConnect(address, api));
        if (addresses.Length == 0)
            throw new HttpRequestException("its host leads to this machine or into a private network");
        return await TcpConnection.OpenAsync(addresses, context.DnsEndPoint.Port, ct);
    }
}
