using System.Net;
using System.Net.Sockets;
using ImageWorker.Zpk;
using ImageWorker.Zpk.Wire;

namespace ImageWorker.Tests.Zpk;

public sealed class TransportTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refused_connection_is_busy()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var address = new Uri($"http://{closed.LocalEndpoint}");
        closed.Stop();

        Assert.IsType<GenerateOutcome.Busy>(await GenerateAsync(address));
    }

    [Fact]
    public async Task A_reset_after_the_request_is_unknown_and_not_repeated()
    {
        using var server = new LoopbackServer(async connection =>
        {
            await connection.ReadAsync();
            connection.Reset();
        });

        Assert.IsType<GenerateOutcome.Unknown>(await GenerateAsync(server.Address));
        Assert.Equal(1, server.Posts);
    }

    [Fact]
    public async Task A_connection_closed_without_an_answer_is_unknown_and_not_repeated()
    {
        using var server = new LoopbackServer(connection => connection.ReadAsync());

        Assert.IsType<GenerateOutcome.Unknown>(await GenerateAsync(server.Address));
        Assert.Equal(1, server.Posts);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pooled_connection_that_dies_under_a_request_does_not_send_it_again(bool reset)
    {
        using var server = new LoopbackServer(async connection =>
        {
            await connection.ReadAsync();
            await connection.WriteAsync(LoopbackServer.Answer(Answers.Submitted));
            await connection.ReadAsync();
            if (reset)
                connection.Reset();
        });
        using var client = Client(server.Address);

        var first = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);
        var second = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        Assert.IsType<GenerateOutcome.Accepted>(first);
        Assert.IsType<GenerateOutcome.Unknown>(second);
        Assert.Equal(2, server.Posts);
    }

    [Fact]
    public async Task Many_requests_over_connections_that_close_when_idle_are_each_sent_at_most_once()
    {
        using var server = new LoopbackServer(async connection =>
        {
            await connection.ReadAsync();
            await connection.WriteAsync(LoopbackServer.Answer(Answers.Submitted));
        });
        using var client = Client(server.Address);

        for (var i = 0; i < 50; i++)
            await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        Assert.InRange(server.Posts, 1, 50);
    }

    [Theory]
    [InlineData("307 Temporary Redirect")]
    [InlineData("308 Permanent Redirect")]
    [InlineData("302 Found")]
    public async Task A_redirect_is_not_followed(string status)
    {
        using var server = new LoopbackServer(async connection =>
        {
            while (await connection.ReadAsync() is not null)
                await connection.WriteAsync(LoopbackServer.Answer("{}", status, "Location: /elsewhere\r\n"));
        });

        Assert.IsType<GenerateOutcome.Unknown>(await GenerateAsync(server.Address));
        Assert.Equal(1, server.Posts);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_unknown()
    {
        using var server = new LoopbackServer(async connection =>
        {
            await connection.ReadAsync();
            await connection.WriteAsync(LoopbackServer.Answer(Answers.Submitted)[..^10]);
        });

        Assert.IsType<GenerateOutcome.Unknown>(await GenerateAsync(server.Address));
    }

    [Fact]
    public async Task What_is_no_http_is_unknown()
    {
        using var server = new LoopbackServer(async connection =>
        {
            await connection.ReadAsync();
            await connection.WriteAsync("SSH-2.0-OpenSSH\r\n\r\n");
        });

        Assert.IsType<GenerateOutcome.Unknown>(await GenerateAsync(server.Address));
    }

    [Fact]
    public async Task A_failed_tls_handshake_is_busy()
    {
        using var server = new LoopbackServer(connection => connection.WriteAsync("this is not TLS, whatever came"));
        var address = new UriBuilder(server.Address) { Scheme = "https" }.Uri;

        Assert.IsType<GenerateOutcome.Busy>(await GenerateAsync(address));
        Assert.Equal(0, server.Posts);
    }

    [Fact]
    public async Task A_connection_that_is_not_made_in_time_is_busy()
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(20),
            ConnectCallback = async (_, ct) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, ct);
                return Stream.Null;
            },
        };
        using var client = new ClientUnderTest(handler);

        Assert.IsType<GenerateOutcome.Busy>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));
    }

    [Fact]
    public async Task A_process_that_freezes_while_it_connects_sends_nothing_when_it_goes_on()
    {
        using var server = new LoopbackServer(connection => connection.ReadAsync());
        var time = new FrozenTime();
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = (context, ct) =>
            {
                time.Freeze(TimeSpan.FromMinutes(2));
                return TcpConnection.OpenAsync(context, ct);
            },
        };
        using var client = new ClientUnderTest(handler, time, zpk => zpk.BaseAddress = server.Address);

        var outcome = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);

        Assert.IsType<GenerateOutcome.Busy>(outcome);
        Assert.Equal(0, server.Posts);
    }

    [Fact]
    public async Task What_is_not_delivered_when_the_call_s_time_is_over_never_arrives()
    {
        var isOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var server = new LoopbackServer(
            receiveBuffer: 4096,
            serve: async connection =>
            {
                await isOver.Task;
                try
                {
                    end.SetResult(await connection.ReadAsync() is not null);
                }
                catch (IOException)
                {
                    end.SetResult(false);
                }
            }
        );
        using var client = new ClientUnderTest(configure: zpk =>
        {
            zpk.BaseAddress = server.Address;
            zpk.GenerateTimeout = TimeSpan.FromSeconds(1);
        });

        // More than the server's system takes before the server reads.
        var prompt = new string('p', 200_000);
        var outcome = await client.Zpk.GenerateAsync(ClientUnderTest.Parameters with { Prompt = prompt }, Ct);
        isOver.SetResult();

        Assert.IsType<GenerateOutcome.Unknown>(outcome);
        Assert.False(await end.Task);
    }

    [Fact]
    public async Task A_request_has_a_length_and_no_expectation()
    {
        string? request = null;
        using var server = new LoopbackServer(async connection =>
        {
            request = await connection.ReadAsync();
            await connection.WriteAsync(LoopbackServer.Answer(Answers.Submitted));
        });

        await GenerateAsync(server.Address);

        Assert.StartsWith("POST /api/images/generate HTTP/1.1\r\n", request);
        Assert.Contains("\r\nContent-Type: application/json\r\n", request);
        Assert.Contains("\r\nContent-Length: ", request);
        Assert.DoesNotContain("Expect:", request);
        Assert.DoesNotContain("Transfer-Encoding", request);
    }

    private static async Task<GenerateOutcome> GenerateAsync(Uri address)
    {
        using var client = Client(address);
        return await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);
    }

    private static ClientUnderTest Client(Uri address) => new(configure: zpk => zpk.BaseAddress = address);

    /// <summary>A clock that shows a pause in which no timer fired, as after a freeze.</summary>
    private sealed class FrozenTime : TimeProvider
    {
        private long _frozen;

        public void Freeze(TimeSpan pause) => _frozen += (long)(pause.TotalSeconds * TimestampFrequency);

        public override long GetTimestamp() => base.GetTimestamp() + _frozen;
    }
}
