namespace ImageWorker.Zpk.Wire;

/// <summary>Reads a response as the API's JSON, within a size; what else it is becomes the reply's problem.</summary>
internal sealed class AnswerReader(ZpkOptions options, TimeProvider time)
{
    public async Task<Reply> ReadAsync(HttpResponseMessage response, ServerText texts, CancellationToken ct)
    {
        var status = (int)response.StatusCode;
        var retryAfter = response.Headers.RetryAfterDelay(time);
        Reply Unreadable(string problem) => new Reply.Answered(status, null, problem, retryAfter);

        var type = response.Content.Headers.ContentType?.MediaType;
        if (!string.Equals(type, "application/json", StringComparison.OrdinalIgnoreCase))
            return Unreadable($"the content type is {texts.Word(type ?? "missing")}, not application/json");
        try
        {
            if (await BodyAsync(response.Content, ct) is not { } body)
                return Unreadable($"the answer is longer than {options.MaxAnswerBytes} bytes");
            return new AnswerParser(texts, options.AccountErrorIds).Parse(body) is { } answer
                ? new Reply.Answered(status, answer, "", retryAfter)
                : Unreadable("the answer is no JSON object");
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return Unreadable($"the answer broke off ({e.GetType().Name})");
        }
    }

    private async Task<ReadOnlyMemory<byte>?> BodyAsync(HttpContent content, CancellationToken ct)
    {
        if (content.Headers.ContentLength > options.MaxAnswerBytes)
            return null;
        await using var stream = await content.ReadAsStreamAsync(ct);
        using var body = new MemoryStream((int)(content.Headers.ContentLength ?? 0));
        var chunk = new byte[8192];
        int read;
        while ((read = await stream.ReadAsync(chunk, ct)) > 0)
        {
            if (body.Length + read > options.MaxAnswerBytes)
                return null;
            body.Write(chunk, 0, read);
        }
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
