using ImageWorker.Zpk.Wire;

namespace ImageWorker.Zpk.Pictures;

/// <summary>One picture into a stream, within a size. It sends no credentials.</summary>
internal sealed class PictureDownload(IHttpClientFactory clients, ZpkOptions options, TimeProvider time)
{
    public const string HttpClientName = "Zpk.Pictures";

    public async Task<DownloadOutcome> SaveAsync(
        Uri address,
        Stream destination,
        ServerText texts,
        CancellationToken ct
    )
    {
        if (AddressRule.Problem(address, options.AllowInsecure) is { } problem)
            return new DownloadOutcome.Refused($"the address {problem}");

        HttpSpans.Clean(texts);
        using var deadline = new CancellationTokenSource(options.DownloadTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        try
        {
            using var client = clients.CreateClient(HttpClientName);
            using var response = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return Refusal(response, address, texts)
                ?? await CopyAsync(response.Content, destination, texts, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new DownloadOutcome.Unavailable("the download did not end in time", null);
        }
        catch (HttpRequestException e)
        {
            return new DownloadOutcome.Unavailable(texts.Message(e.Message), null);
        }
    }

    private DownloadOutcome? Refusal(HttpResponseMessage response, Uri address, ServerText texts)
    {
        var status = (int)response.StatusCode;
        var type = response.Content.Headers.ContentType?.MediaType;
        if (status is 408 or 425 or 429 or >= 500)
            return new DownloadOutcome.Unavailable($"HTTP {status}", response.Headers.RetryAfterDelay(time));
        if (!response.IsSuccessStatusCode)
            return new DownloadOutcome.Refused($"HTTP {status}");
        // A redirect was followed: the rule holds for where it led, too.
        var reached = response.RequestMessage?.RequestUri;
        if (AddressRule.Problem(reached, options.AllowInsecure) is { } problem)
            return new DownloadOutcome.Refused($"the address it was sent on to {problem}");
        if (PictureAddress.LeadsInside(reached!) && !PictureAddress.LeadsInside(address))
            return new DownloadOutcome.Refused("the address it was sent on to leads into a private network");
        if (type?.StartsWith("image/", StringComparison.OrdinalIgnoreCase) != true)
            return new DownloadOutcome.Refused($"the content type is {texts.Word(type ?? "missing")}, not an image");
        return response.Content.Headers.ContentLength > options.MaxPictureBytes ? TooLarge() : null;
    }

    private async Task<DownloadOutcome> CopyAsync(
        HttpContent content,
        Stream destination,
        ServerText texts,
        CancellationToken ct
    )
    {
        await using var source = await content.ReadAsStreamAsync(ct);
        var chunk = new byte[81920];
        var written = 0L;
        while (true)
        {
            int read;
            try
            {
                read = await source.ReadAsync(chunk, ct);
            }
            catch (IOException e)
            {
                // Only reading is the network's failure; the destination's is an exception for the caller.
                return new DownloadOutcome.Unavailable(texts.Message(e.Message), null);
            }
            if (read == 0)
                return new DownloadOutcome.Saved(texts.Word(content.Headers.ContentType!.MediaType!), written);
            written += read;
            if (written > options.MaxPictureBytes)
                return TooLarge();
            await destination.WriteAsync(chunk.AsMemory(0, read), ct);
        }
    }

    private DownloadOutcome.Refused TooLarge() => new($"it has more than {options.MaxPictureBytes} bytes");
}
