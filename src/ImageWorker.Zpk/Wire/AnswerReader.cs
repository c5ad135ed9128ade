using System.Net.Http.Headers;

namespace ImageWorker.Zpk.Wire;

/// <summary>Reads a response as the API's JSON, within a size; what else it is becomes the reply's problem.</summary>
internal sealed class AnswerReader(int maxBytes, TimeProvider time)
{
    public async Task<Reply> ReadAsync(HttpResponseMessage response, Credentials credentials, CancellationToken ct)
    {
        var status = (int)response.StatusCode;
        var retryAfter = response.Headers.RetryAfter.Delay(time);
        Reply Unreadable(string problem) => new Reply.Answered(status, null, problem, retryAfter);

        var type = response.Content.Headers.ContentType?.MediaType;
        if (!string.Equals(type, "application/json", StringComparison.OrdinalIgnoreCase))
            return Unreadable($"the content type is {type ?? "missing"}, not application/json");
        try
        {
            if (await BodyAsync(response.Content, ct) is not { } body)
                return Unreadable($"the answer is longer than {maxBytes} bytes");
            return AnswerParser.Parse(body) is { } answer
                ? new Reply.Answered(status, Masked(answer, credentials), "", retryAfter)
                : Unreadable("the answer is no JSON object");
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return Unreadable($"the answer broke off ({e.GetType().Name})");
        }
    }

    private async Task<ReadOnlyMemory<byte>?> BodyAsync(HttpContent content, CancellationToken ct)
    {
        await using var stream = await content.ReadAsStreamAsync(ct);
        using var body = new MemoryStream();
        var chunk = new byte[8192];
        int read;
        while ((read = await stream.ReadAsync(chunk, ct)) > 0)
        {
            if (body.Length + read > maxBytes)
                return null;
            body.Write(chunk, 0, read);
        }
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private static ApiAnswer Masked(ApiAnswer answer, Credentials credentials) =>
        answer with
        {
            Errors = [.. answer.Errors.Select(error => error with { Message = credentials.Mask(error.Message) })],
        };
}

/// <summary>The <c>Retry-After</c> header as a delay.</summary>
internal static class RetryAfterHeader
{
    private static readonly TimeSpan Maximum = TimeSpan.FromDays(1);

    /// <summary>From now on, within 0 and a day; null where absent.</summary>
    public static TimeSpan? Delay(this RetryConditionHeaderValue? header, TimeProvider time) =>
        (header?.Delta ?? (header?.Date - time.GetUtcNow())) is { } delay
            ? TimeSpan.FromTicks(Math.Clamp(delay.Ticks, 0, Maximum.Ticks))
            : null;
}
