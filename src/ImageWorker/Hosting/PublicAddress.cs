using System.Net;
using System.Net.Sockets;

namespace ImageWorker.Hosting;

/// <summary>Tells addresses of the internet from those that only machines inside can reach.</summary>
public static class PublicAddress
{
    /// <summary>The internet of IPv6. What else there is of it is local, or hides an IPv4 address.</summary>
    private static readonly IPNetwork Global6 = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] Special =
    [
        .. (
            (string[])
                [
                    "0.0.0.0/8",
                    "10.0.0.0/8",
                    "100.64.0.0/10",
                    "127.0.0.0/8",
                    "169.254.0.0/16",
                    "172.16.0.0/12",
                    "192.0.0.0/24",
                    "192.0.2.0/24",
                    "192.168.0.0/16",
                    "198.18.0.0/15",
                    "198.51.100.0/24",
                    "203.0.113.0/24",
                    "224.0.0.0/3",
                    // Teredo, documentation, and 6to4, which hides an IPv4 address.
                    "2001::/32",
                    "2001:db8::/32",
                    "2002::/16",
                ]
        ).Select(IPNetwork.Parse),
    ];

    /// <summary>True if anybody on the internet could be meant by it.</summary>
    public static bool Is(IPAddress address)
    {
        var ip = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return (ip.AddressFamily is AddressFamily.InterNetwork || Global6.Contains(ip))
            && !Array.Exists(Special, network => network.Contains(ip));
    }
}
