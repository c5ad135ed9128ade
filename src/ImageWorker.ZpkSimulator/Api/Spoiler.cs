using ImageWorker.ZpkSimulator.Faults;

namespace ImageWorker.ZpkSimulator.Api;

/// <summary>Answers a call as a broken network, a gateway or an overloaded server would.</summary>
internal static class Spoiler
{
    private static readonly ApiError Expired = new("INVALID_API_KEY", "the API key has expired", "api_key");

    /// <summary>What strikes before the call is processed; true if that was the answer.</summary>
    public static async ValueTask<bool> StrikeFirstAsync(HttpContext context, Strike strike, TimeProvider time)
    {
        if (strike.LatencySeconds > 0)
            await Task.Delay(TimeSpan.FromSeconds(strike.LatencySeconds), time, context.RequestAborted);
        if (strike.InsteadOfCall is not { } fault)
            return false;
        await ReplaceAsync(context, fault);
        return true;
    }

    /// <summary>Sends the real answer, spoiled in its form if the fault is of that kind.</summary>
    public static Task SendAsync(HttpResponse response, Answer answer, FaultKind? kind) =>
        answer.SendAsync(
            response,
            kind == FaultKind.ContentType ? "text/html" : Answer.ContentType,
            truncated: kind == FaultKind.Truncated
        );

    public static Task ReplaceAsync(HttpContext context, Fault fault)
    {
        switch (fault.Kind)
        {
            case FaultKind.Reset:
                // Kestrel closes an aborted connection with a linger time of zero: the client gets a TCP reset.
                context.Abort();
                return Task.CompletedTask;
            case FaultKind.Http429:
                return PageAsync(context.Response, 429, "Too Many Requests", fault.Seconds);
            case FaultKind.Http500:
                return PageAsync(context.Response, 500, "Internal Server Error", fault.Seconds);
            case FaultKind.Http502:
                return PageAsync(context.Response, 502, "Bad Gateway", fault.Seconds);
            case FaultKind.Http503:
                return PageAsync(context.Response, 503, "Service Unavailable", fault.Seconds);
            default:
                return RefuseAsync(context.Response, [Expired]);
        }
    }

    public static Task RefuseAsync(HttpResponse response, IEnumerable<ApiError> errors)
    {
        var answer = Answer.Begin();
        AnswerWriter.WriteRefusal(answer.Json, errors);
        return answer.SendAsync(response);
    }

    public static Task PageAsync(HttpResponse response, int status, string reason, double? retryAfter = null)
    {
        response.StatusCode = status;
        response.ContentType = "text/html";
        if (retryAfter is { } seconds)
            response.Headers.RetryAfter = Math.Ceiling(seconds).ToString();
        return response.WriteAsync(
            $"<html><head><title>{status} {reason}</title></head><body>{reason}</body></html>\n"
        );
    }
}
