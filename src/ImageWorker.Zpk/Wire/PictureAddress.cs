using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ImageWorker.Zpk.Wire;

/// <summary>
/// The rule for addresses of pictures. They lead out to the web by https, as the API's page says, and nowhere that only
/// a machine inside can reach. Where the API itself is reached by http, on this machine or inside, they may be there too.
/// </summary>
internal static class PictureAddress
{
    private const int Longest = 2048;

    // The other ones no address has as they are, and readers disagree on what they mean in one.
    private static readonly SearchValues<char> Usual = SearchValues.Create([
        .. Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code).Except("\"<>\\"),
    ]);

    /// <summary>What is wrong with the address, to follow its name in a sentence; null where it will do.</summary>
    public static string? Problem(string address, Uri api)
    {
        if (address.Length > Longest)
            return $"is longer than {Longest} characters";
        if (address.AsSpan().ContainsAnyExcept(Usual) && !address.EnumerateRunes().All(IsUsual))
            return "has characters that no address has";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || !IsSchemeUsable(uri, api) || !IsHostPlain(uri))
            return "must be an absolute https address";
        if (uri.UserInfo.Length > 0)
            return "must not carry a user name or password";
        return Reach(uri) is var reach and not Network.Public && reach != Reach(api) && !IsPublishedHere(reach, api)
            ? "leads to this machine or into a private network"
            : null;
    }

    /// <summary>Whether a server on the web could not be meant by it, but one of our own could.</summary>
    public static bool LeadsInside(Uri address) => Reach(address) != Network.Public;

    /// <summary>The same rule for an address that a host's name was resolved to.</summary>
    public static bool MayConnect(IPAddress address, Uri api)
    {
        var reach = Reach(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
        return reach is Network.Public || reach == Reach(api) || IsPublishedHere(reach, api);
    }

    // An http API by a name without a dot is another container, whose port this machine reaches at an address of its own.
    private static bool IsPublishedHere(Network reach, Uri api) =>
        reach == Network.ThisMachine
        && api is { Scheme: "http", HostNameType: UriHostNameType.Dns }
        && !api.Host.Contains('.', StringComparison.Ordinal);

    private static bool IsUsual(Rune rune) =>
        rune.IsAscii
            ? Usual.Contains((char)rune.Value)
            : ShownText.IsPlain(rune) && !Rune.IsWhiteSpace(rune) && rune != Rune.ReplacementChar;

    private static bool IsSchemeUsable(Uri uri, Uri api) =>
        uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && api.Scheme == Uri.UriSchemeHttp);

    // Of a host in other letters (１２７.0.0.1) every reader makes something else.
    private static bool IsHostPlain(Uri uri) =>
        Ascii.IsValid(uri.Host)
        && uri.HostNameType is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6;

    // By what is written: a name is not looked up, since it could lead elsewhere a moment later.
    private static Network Reach(Uri uri)
    {
        var host = uri.DnsSafeHost.TrimEnd('.');
        if (IPAddress.TryParse(host, out var ip))
            return Reach(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip);
        return host == "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal)
            ? Network.ThisMachine
            : Network.Public;
    }

    private static Network Reach(IPAddress ip)
    {
        if (IPAddress.IsLoopback(ip) || ip.Equals(IPAddress.IPv6Any))
            return Network.ThisMachine;
        if (ip.IsIPv6LinkLocal)
            return Network.Link;
        var bytes = ip.GetAddressBytes();
        return ip.AddressFamily == AddressFamily.InterNetworkV6 ? Reach6(bytes) : Reach4(bytes);
    }

    private static Network Reach4(byte[] bytes) =>
        bytes switch
        {
            [0, ..] => Network.ThisMachine,
            [169, 254, ..] => Network.Link,
            [10, ..] or [172, >= 16 and <= 31, ..] or [192, 168, ..] or [100, >= 64 and <= 127, ..] => Network.Private,
            [>= 224, ..] => Network.Private,
            _ => Network.Public,
        };

    // 2000::/3 is the web; in 2002::/16, and in ranges outside of it, an IPv4 address may be hidden.
    private static Network Reach6(byte[] bytes) =>
        bytes is [>= 0x20 and <= 0x3F, ..] and not [0x20, 0x02, ..] ? Network.Public : Network.Private;

    private enum Network
    {
        Public,
        ThisMachine,
        Link,
        Private,
    }
}
