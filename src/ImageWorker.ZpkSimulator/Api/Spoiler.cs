using System.Text;
using ImageWorker.ZpkSimulator.Faults;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace ImageWorker.ZpkSimulator.Api;

/// <summary>Answers a call as a broken network, a gateway or an overloaded server would.</summary>
internal static class Spoiler
{
    private static readonly ApiError Expired = new("INVALID_API_KEY", "the API key has expired", "api_key");

    // Nothing says what the real service answers when an account is empty.
    private static readonly ApiError EmptyAccount = new("INSUFFICIENT_BALANCE", "the account has no credit left", null);

    private static readonly ApiError Anything = new("INVALID_PARAMETER", "the call is refused", null);

    /// <summary>What strikes before the call is processed; true if that was the answer.</summary>
    public static async ValueTask<bool> StrikeFirstAsync(HttpContext context, Strike strike, TimeProvider time)
    {
        if (strike.LatencySeconds > 0)
            await Task.Delay(TimeSpan.FromSeconds(strike.LatencySeconds), time, context.RequestAborted);
        if (!strike.IsInsteadOfCall)
            return false;
        await ReplaceAsync(context, strike);
        return true;
    }

    /// <summary>Sends the real answer, spoiled in its form if the fault is of that kind.</summary>
    public static Task SendAsync(HttpContext context, Answer answer, Strike strike)
    {
        var type =
            strike.SaidText("content-type")
            ?? (strike.Kind == FaultKind.ContentType ? "text/html" : Answer.ContentType);
        return (strike.SaidText("status-line"), strike.SaidText("header")) is (null, null)
            ? answer.SendAsync(context.Response, type, truncated: strike.Kind == FaultKind.Truncated)
            : SendRawAsync(context, answer, strike);
    }

    /// <summary>Answers with something else than the real answer.</summary>
    public static Task ReplaceAsync(HttpContext context, Strike strike)
    {
        switch (strike.Kind)
        {
            case FaultKind.Reset:
                // Kestrel closes an aborted connection with a linger time of zero: the client gets a TCP reset.
                context.Abort();
                return Task.CompletedTask;
            case FaultKind.Http402:
                return PageAsync(context.Response, 402, "Payment Required", strike.RetryAfter);
            case FaultKind.Http429:
                return PageAsync(context.Response, 429, "Too Many Requests", strike.RetryAfter);
            case FaultKind.Http500:
                return PageAsync(context.Response, 500, "Internal Server Error", strike.RetryAfter);
            case FaultKind.Http502:
                return PageAsync(context.Response, 502, "Bad Gateway", strike.RetryAfter);
            case FaultKind.Http503:
                return PageAsync(context.Response, 503, "Service Unavailable", strike.RetryAfter);
            case FaultKind.Expired:
                return RefuseAsync(context, [Expired], strike);
            case FaultKind.Balance:
                return RefuseAsync(context, [EmptyAccount], strike);
            default:
                return RefuseAsync(context, [Anything], strike);
        }
    }

    public static Task RefuseAsync(HttpContext context, IEnumerable<ApiError> errors, Strike strike = default)
    {
        var answer = Answer.Begin();
        AnswerWriter.WriteRefusal(answer.Json, errors, strike);
        return SendAsync(context, answer, strike);
    }

    public static Task PageAsync(HttpResponse response, int status, string reason, string? retryAfter = null)
    {
        response.StatusCode = status;
        response.ContentType = "text/html";
        if (retryAfter is not null)
            response.Headers.RetryAfter = retryAfter;
        return response.WriteAsync(
            $"<html><head><title>{status} {reason}</title></head><body>{reason}</body></html>\n"
        );
    }

    // Kestrel sends no line that breaks the rules of HTTP, so these go past it.
    private static async Task SendRawAsync(HttpContext context, Answer answer, Strike strike)
    {
        var body = answer.ToArray();
        var head = $"""
            {strike.SaidText("status-line") ?? "HTTP/1.1 200 OK"}
            {strike.SaidText("header") ?? "Connection: close"}
            Content-Type: {Answer.ContentType}
            Content-Length: {body.Length}


            """;
        var connection = context.Features.GetRequiredFeature<IConnectionTransportFeature>();
        await connection.Transport.Output.WriteAsync(
            (byte[])[.. Encoding.Latin1.GetBytes(head.ReplaceLineEndings("\r\n")), .. body]
        );
    }
}
