using System.Net.Sockets;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>The first step of AMQP 0-9-1: who answers it serves clients, which an open port alone does not say.</summary>
internal static class AmqpHandshake
{
    private const byte MethodFrame = 1;
    private const byte ConnectionClass = 10;
    private const byte StartMethod = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Sends the protocol header and expects a Connection.Start frame.</summary>
    public static async Task<bool> AnswersAsync(string host, int port)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(host, port, patience.Token);
            var stream = client.GetStream();
            await stream.WriteAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), patience.Token);
            // Frame type (1 byte), channel (2), size (4), class (2), method (2).
            var frame = new byte[11];
            await stream.ReadExactlyAsync(frame, patience.Token);
            return frame is [MethodFrame, _, _, _, _, _, _, 0, ConnectionClass, 0, StartMethod];
        }
        catch (Exception failure) when (failure is SocketException or IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
