using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>Stands between a client and a server, and can let the connections that are open fall silent without an end.</summary>
internal sealed class SilentProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentBag<TcpClient> _clients = [];
    private readonly int _target;
    private readonly Task _accepting;
    private CancellationTokenSource _silence = new();

    public SilentProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>From now on nothing passes on the connections that are open. New ones are served.</summary>
    public void Silence()
    {
        var silenced = Interlocked.Exchange(ref _silence, new());
        silenced.Cancel();
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
        _silence.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_ending.Token);
            var server = new TcpClient();
            _clients.Add(client);
            _clients.Add(server);
            await server.ConnectAsync(IPAddress.Loopback, _target, _ending.Token);
            _ = PassAsync(client, server, _silence.Token);
            _ = PassAsync(server, client, _silence.Token);
        }
    }

    private static async Task PassAsync(TcpClient from, TcpClient to, CancellationToken silence)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream(), silence);
            to.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure)
            when (failure is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Silent, or gone.
        }
    }
}
