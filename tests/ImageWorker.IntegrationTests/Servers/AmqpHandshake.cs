using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>The first step of AMQP 0-9-1: who answers it serves clients, which an open port alone does not say.</summary>
internal static class AmqpHandshake
{
    private const byte MethodFrame = 1;
    private const byte ConnectionClass = 10;
    private const byte StartMethod = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Sends the protocol header and expects a Connection.Start frame.</summary>
    /// <param name="host">The server's name.</param>
    /// <param name="port">Its port.</param>
    /// <param name="authority">Who vouches for it; null to speak in the clear.</param>
    public static async Task<bool> AnswersAsync(string host, int port, TestAuthority? authority = null)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(host, port, patience.Token);
            await using var stream = authority is null
                ? client.GetStream()
                : await SecureAsync(client.GetStream(), authority, patience.Token);
            await stream.WriteAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), patience.Token);
            // Frame type (1 byte), channel (2), size (4), class (2), method (2).
            var frame = new byte[11];
            await stream.ReadExactlyAsync(frame, patience.Token);
            return frame is [MethodFrame, _, _, _, _, _, _, 0, ConnectionClass, 0, StartMethod];
        }
        catch (Exception failure)
            when (failure is SocketException or IOException or AuthenticationException or OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<Stream> SecureAsync(Stream plain, TestAuthority authority, CancellationToken ct)
    {
        var stream = new SslStream(plain);
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = authority.Host,
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { authority.Certificate },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
            ct
        );
        return stream;
    }
}
