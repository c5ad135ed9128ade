using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>
/// Stands between a client and a server. It can let the connections that are open fall silent without an end, in one
/// direction or both, cut them, and be slow.
/// </summary>
internal sealed class SilentProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentBag<TcpClient> _clients = [];
    private readonly int _target;
    private readonly Task _accepting;
    private Line _line = new();
    private volatile bool _isDumb;

    /// <summary>Serves at once.</summary>
    /// <param name="server">Its address: a URI, or a connection string of Npgsql.</param>
    public SilentProxy(string server)
    {
        _listener.Start();
        var port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        if (Uri.TryCreate(server, UriKind.Absolute, out var uri))
        {
            _target = uri.Port;
            Address = new UriBuilder(uri) { Host = "127.0.0.1", Port = port }.Uri.ToString();
        }
        else
        {
            var settings = new NpgsqlConnectionStringBuilder(server);
            _target = settings.Port;
            (settings.Host, settings.Port) = ("127.0.0.1", port);
            Address = settings.ConnectionString;
        }
        _accepting = AcceptAsync();
    }

    /// <summary>The server's address by way of this.</summary>
    public string Address { get; }

    /// <summary>How much later everything arrives.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Bytes a second that a connection carries each way; null for no limit.</summary>
    public int? Bandwidth { get; set; }

    /// <summary>Once a client has said this, none hears anything any more, on whatever connection; null for never.</summary>
    public string? LastWords { get; set; }

    /// <summary>
    /// From now on what is sent on the connections that are open is swallowed. New ones are served.
    /// </summary>
    public void Silence(bool toServer = true, bool toClient = true)
    {
        var silenced = Interlocked.Exchange(ref _line, new());
        (silenced.IsDeaf, silenced.IsDumb) = (toServer, toClient);
    }

    /// <summary>Ends the connections that are open in the middle of what they carry.</summary>
    public void Cut()
    {
        foreach (var client in _clients)
        {
            client.Client.LingerState = new(enable: true, seconds: 0);
            client.Close();
        }
        _clients.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_ending.Token);
            var server = new TcpClient();
            _clients.Add(client);
            _clients.Add(server);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _target, _ending.Token);
            }
            catch (SocketException)
            {
                // The server is away: so is this.
                client.Dispose();
                continue;
            }

            var line = _line;
            _ = PassAsync(client, server, () => line.IsDeaf, Hear);
            _ = PassAsync(server, client, () => line.IsDumb || _isDumb, _ => { });
        }
    }

    private void Hear(ReadOnlySpan<byte> said)
    {
        if (LastWords is { } words && said.IndexOf(Encoding.UTF8.GetBytes(words)) >= 0)
            _isDumb = true;
    }

    private async Task PassAsync(TcpClient from, TcpClient to, Func<bool> isSwallowed, Action<ReadOnlySpan<byte>> hear)
    {
        try
        {
            var buffer = new byte[Bandwidth is null ? 64 * 1024 : 1024];
            while (await from.GetStream().ReadAsync(buffer, _ending.Token) is > 0 and var count)
            {
                hear(buffer.AsSpan(0, count));
                var wait = Latency + TimeSpan.FromSeconds(count / (double)(Bandwidth ?? int.MaxValue));
                if (wait > TimeSpan.FromMilliseconds(1))
                {
                    await Task.Delay(wait, _ending.Token);
                }

                if (!isSwallowed())
                {
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, count), _ending.Token);
                }
            }

            if (!isSwallowed())
            {
                to.Client.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception failure)
            when (failure
                    is IOException
                        or SocketException
                        or ObjectDisposedException
                        or OperationCanceledException
                        or InvalidOperationException
            )
        {
            // Gone.
        }
    }

    /// <summary>The connections that were opened since the last silence.</summary>
    private sealed class Line
    {
        /// <summary>Nothing gets to the server.</summary>
        public volatile bool IsDeaf;

        /// <summary>Nothing gets to the client.</summary>
        public volatile bool IsDumb;
    }
}
