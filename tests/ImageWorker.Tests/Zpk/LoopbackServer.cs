using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace ImageWorker.Tests.Zpk;

/// <summary>
/// A server on a real socket that does to a connection what the test says, and counts the POST bodies that
/// reached it: what an HTTP library would hide is what these tests are about.
/// </summary>
internal sealed partial class LoopbackServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private int _posts;

    /// <summary>Listens on a free port.</summary>
    /// <param name="serve">What it does to each connection.</param>
    /// <param name="receiveBuffer">About the bytes that its system takes before they are read; null for what is usual.</param>
    public LoopbackServer(Func<Connection, Task> serve, int? receiveBuffer = null)
    {
        if (receiveBuffer is { } bytes)
            _listener.Server.ReceiveBufferSize = bytes;
        _listener.Start();
        _ = AcceptAsync(serve);
    }

    public int Posts => Volatile.Read(ref _posts);

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public static string Answer(string body, string status = "200 OK", string headers = "") =>
        $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}";

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync(Func<Connection, Task> serve)
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            _ = ServeAsync(client, serve);
        }
    }

    private async Task ServeAsync(TcpClient client, Func<Connection, Task> serve)
    {
        using var connection = new Connection(this, client);
        try
        {
            await serve(connection);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The client went away: its side of the story is what the test asserts.
        }
    }

    internal sealed class Connection(LoopbackServer server, TcpClient client) : IDisposable
    {
        private readonly NetworkStream _stream = client.GetStream();

        /// <summary>Reads one request with its body; null at the end of the connection.</summary>
        public async Task<string?> ReadAsync()
        {
            var text = new StringBuilder();
            var chunk = new byte[4096];
            while (!IsComplete(text.ToString()))
            {
                var read = await _stream.ReadAsync(chunk, server._stop.Token);
                if (read == 0)
                    return null;
                text.Append(Encoding.UTF8.GetString(chunk, 0, read));
            }
            Interlocked.Increment(ref server._posts);
            return text.ToString();
        }

        public Task WriteAsync(string text) =>
            _stream.WriteAsync(Encoding.UTF8.GetBytes(text), server._stop.Token).AsTask();

        /// <summary>Closes with a reset instead of an orderly end.</summary>
        public void Reset()
        {
            client.LingerState = new LingerOption(enable: true, seconds: 0);
            client.Close();
        }

        public void Dispose() => client.Dispose();

        private static bool IsComplete(string text)
        {
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
                return false;
            var length = ContentLength().Match(text);
            return !length.Success
                || Encoding.UTF8.GetByteCount(text[(end + 4)..]) >= int.Parse(length.Groups["length"].Value);
        }
    }

    [GeneratedRegex(@"Content-Length: (?<length>\d+)", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex ContentLength();
}
