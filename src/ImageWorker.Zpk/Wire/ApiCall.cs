using System.Net;

namespace ImageWorker.Zpk.Wire;

/// <summary>
/// One POST to the API, told apart by what it proves. HTTP/1.1 and no <c>Expect</c> header: there the sockets
/// handler never repeats a request that has a body, not even on a pooled connection that the server has closed
/// (HTTP/2 may repeat a refused stream). <see cref="SingleSendContent"/> holds even where that should change. After its
/// timeout nothing of it is sent any more, neither by a process that was frozen meanwhile nor by its system.
/// </summary>
internal sealed class ApiCall(IHttpClientFactory clients, ZpkOptions options, TimeProvider time)
{
    public const string HttpClientName = "Zpk";

    private readonly AnswerReader _reader = new(options, time);

    /// <summary>Makes the call, whose first byte leaves before <paramref name="timeout"/> has passed since <paramref name="start"/>, or never.</summary>
    public async Task<Reply> PostAsync(
        string path,
        bool isPaid,
        byte[] body,
        Credentials credentials,
        long start,
        TimeSpan timeout,
        CancellationToken ct
    )
    {
        var texts = new ServerText(options, credentials);
        HttpSpans.Clean(texts);
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        using var client = clients.CreateClient(HttpClientName);
        using var content = new SingleSendContent(body, () => time.GetElapsedTime(start) < timeout);
        using var request = new HttpRequestMessage(HttpMethod.Post, Address(path))
        {
            Content = content,
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Options.Set(ZpkImagesClient.IsPaid, isPaid);
        try
        {
            using var response = await client.SendAsync(
                request,
                HttpCompletionOption.ResponseHeadersRead,
                either.Token
            );
            return await _reader.ReadAsync(response, texts, either.Token);
        }
        catch (Exception) when (content.IsLate && !ct.IsCancellationRequested)
        {
            return new Reply.NotSent($"held up for {timeout} before it was sent");
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            return !content.Started && !deadline.IsCancellationRequested && e.InnerException is TimeoutException
                ? new Reply.NotSent($"no connection within {options.ConnectTimeout}")
                : new Reply.Lost($"no answer within {timeout}");
        }
        catch (HttpRequestException e) when (!content.Started && IsBeforeSending(e.HttpRequestError))
        {
            return new Reply.NotSent($"not connected: {texts.Message(e.Message)}");
        }
        // Its message may quote a line of the answer. Once the body went out no failure may escape as an exception: it could look like nothing was done.
        catch (Exception e)
            when (e is not OperationCanceledException && (content.Started || e is HttpRequestException or IOException))
        {
            return new Reply.Lost($"no answer: {texts.Message(e.GetBaseException().Message)}");
        }
    }

    private Uri Address(string path) => new($"{options.BaseAddress.AbsoluteUri.TrimEnd('/')}/{path}");

    private static bool IsBeforeSending(HttpRequestError error) =>
        error
            is HttpRequestError.NameResolutionError
                or HttpRequestError.ConnectionError
                or HttpRequestError.SecureConnectionError
                or HttpRequestError.ProxyTunnelError;
}
