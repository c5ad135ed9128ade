using System.Net;
using System.Net.Http.Headers;
using ImageWorker.Zpk;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Zpk;

public sealed class DownloadTests
{
    private static readonly Uri Address = new("https://zpk.systems/i/1.png");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_picture_is_copied_whole_and_no_credentials_are_sent()
    {
        var pictures = new StubApi(() => Picture(100_000));
        using var client = new ClientUnderTest(pictures: pictures);
        using var destination = new MemoryStream();

        var outcome = await client.Zpk.DownloadAsync(Address, destination, Ct);

        Assert.Equal(new DownloadOutcome.Saved("image/png", 100_000), outcome);
        Assert.Equal(100_000, destination.Length);
        Assert.Equal("", Assert.Single(pictures.Bodies));
    }

    [Theory]
    [InlineData("http://zpk.systems/i/1.png")]
    [InlineData("ftp://zpk.systems/i/1.png")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://user:password@zpk.systems/i/1.png")]
    [InlineData("/i/1.png")]
    public async Task An_address_that_is_not_plainly_https_is_never_fetched(string address)
    {
        var pictures = new StubApi(() => Picture(1));
        using var client = new ClientUnderTest(pictures: pictures);

        var outcome = await client.Zpk.DownloadAsync(new Uri(address, UriKind.RelativeOrAbsolute), Stream.Null, Ct);

        Assert.IsType<DownloadOutcome.Refused>(outcome);
        Assert.Empty(pictures.Requests);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9/i/1.png", false)]
    [InlineData("http://pictures.internal/i/1.png", true)]
    public async Task Plain_http_is_for_this_machine_or_by_explicit_word(string address, bool allowInsecure)
    {
        using var client = new ClientUnderTest(
            pictures: new StubApi(() => Picture(1)),
            configure: zpk => zpk.AllowInsecure = allowInsecure
        );

        Assert.IsType<DownloadOutcome.Saved>(await client.Zpk.DownloadAsync(new Uri(address), Stream.Null, Ct));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_picture_over_the_size_is_refused_with_or_without_a_length(bool withLength)
    {
        using var client = new ClientUnderTest(
            pictures: new StubApi(() => Picture(1001, withLength)),
            configure: zpk => zpk.MaxPictureBytes = 1000
        );
        using var destination = new MemoryStream();

        Assert.IsType<DownloadOutcome.Refused>(await client.Zpk.DownloadAsync(Address, destination, Ct));
        Assert.InRange(destination.Length, 0, 1000);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/octet-stream")]
    [InlineData(null)]
    public async Task What_is_no_image_is_refused(string? type)
    {
        using var client = new ClientUnderTest(pictures: new StubApi(() => Picture(1, type: type)));

        Assert.IsType<DownloadOutcome.Refused>(await client.Zpk.DownloadAsync(Address, Stream.Null, Ct));
    }

    [Fact]
    public async Task A_missing_picture_is_refused_and_a_failing_server_is_unavailable()
    {
        using var missing = new ClientUnderTest(pictures: new StubApi(() => StubApi.Html(404)));
        using var failing = new ClientUnderTest(pictures: new StubApi(() => StubApi.RetryAfter(503, 9)));

        Assert.IsType<DownloadOutcome.Refused>(await missing.Zpk.DownloadAsync(Address, Stream.Null, Ct));
        var unavailable = Assert.IsType<DownloadOutcome.Unavailable>(
            await failing.Zpk.DownloadAsync(Address, Stream.Null, Ct)
        );
        Assert.Equal(TimeSpan.FromSeconds(9), unavailable.RetryAfter);
    }

    [Fact]
    public async Task A_redirect_off_this_machine_over_plain_http_is_refused()
    {
        var pictures = new StubApi(() =>
        {
            var response = Picture(1);
            response.RequestMessage = new HttpRequestMessage(HttpMethod.Get, "http://elsewhere.example/1.png");
            return response;
        });
        using var client = new ClientUnderTest(pictures: pictures);

        Assert.IsType<DownloadOutcome.Refused>(
            await client.Zpk.DownloadAsync(new Uri("http://localhost/1.png"), Stream.Null, Ct)
        );
    }

    [Fact]
    public async Task A_redirect_into_a_private_network_is_refused()
    {
        var pictures = new StubApi(() =>
        {
            var response = Picture(1);
            response.RequestMessage = new HttpRequestMessage(HttpMethod.Get, "https://10.0.0.1/1.png");
            return response;
        });
        using var client = new ClientUnderTest(pictures: pictures);

        Assert.IsType<DownloadOutcome.Refused>(await client.Zpk.DownloadAsync(Address, Stream.Null, Ct));
    }

    [Fact]
    public async Task A_name_that_leads_to_this_machine_is_not_connected_to()
    {
        using var server = new LoopbackServer(connection => connection.ReadAsync());
        using var client = new ClientUnderTest();

        var outcome = await client.Zpk.DownloadAsync(
            new Uri($"http://localhost:{server.Address.Port}/1.png"),
            Stream.Null,
            Ct
        );

        var unavailable = Assert.IsType<DownloadOutcome.Unavailable>(outcome);
        Assert.Contains("leads to this machine", unavailable.Reason, StringComparison.Ordinal);
        Assert.Equal(0, server.Posts);
    }

    [Fact]
    public async Task A_redirect_into_a_private_network_is_not_even_asked_for()
    {
        using var server = new LoopbackServer(async connection =>
        {
            await connection.ReadAsync();
            await connection.WriteAsync(
                LoopbackServer.Answer("", "302 Found", "Location: http://10.0.0.1:9/1.png\r\n")
            );
        });
        using var client = new ClientUnderTest(configure: zpk =>
        {
            zpk.BaseAddress = server.Address;
            zpk.AllowInsecure = true;
        });

        var outcome = await client.Zpk.DownloadAsync(new Uri(server.Address, "1.png"), Stream.Null, Ct);

        var unavailable = Assert.IsType<DownloadOutcome.Unavailable>(outcome);
        Assert.Contains("into a private network", unavailable.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_that_breaks_off_is_unavailable()
    {
        using var server = new LoopbackServer(async connection =>
        {
            await connection.ReadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 99\r\n\r\nhalf");
        });
        using var client = new ClientUnderTest(configure: zpk => zpk.BaseAddress = server.Address);

        Assert.IsType<DownloadOutcome.Unavailable>(await client.Zpk.DownloadAsync(server.Address, Stream.Null, Ct));
    }

    [Fact]
    public async Task A_download_that_hangs_is_unavailable_and_a_cancelled_one_an_exception()
    {
        var time = new FakeTimeProvider();
        var pictures = new StubApi(
            async (_, ct) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, ct);
                return Picture(1);
            }
        );
        using var client = new ClientUnderTest(time: time, pictures: pictures);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        var hanging = client.Zpk.DownloadAsync(Address, Stream.Null, Ct);
        var cancelled = client.Zpk.DownloadAsync(Address, Stream.Null, cancel.Token);
        await pictures.Called;
        await cancel.CancelAsync();
        time.Advance(TimeSpan.FromMinutes(3));

        Assert.IsType<DownloadOutcome.Unavailable>(await hanging);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
    }

    [Fact]
    public async Task A_destination_that_cannot_be_written_is_the_caller_s_exception()
    {
        using var client = new ClientUnderTest(pictures: new StubApi(() => Picture(10)));
        using var full = new FullDisk();

        await Assert.ThrowsAsync<IOException>(() => client.Zpk.DownloadAsync(Address, full, Ct));
    }

    private static HttpResponseMessage Picture(int bytes, bool withLength = true, string? type = "image/png")
    {
        HttpContent content = withLength
            ? new ByteArrayContent(new byte[bytes])
            : new StreamContent(new Unseekable(new byte[bytes]));
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    }

    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }

    private sealed class FullDisk : MemoryStream
    {
        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => throw new IOException("No space left on device");
    }
}
