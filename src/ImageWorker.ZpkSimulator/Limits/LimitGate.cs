using ImageWorker.ZpkSimulator.Api;
using ImageWorker.ZpkSimulator.Ledger;

namespace ImageWorker.ZpkSimulator.Limits;

/// <summary>Stands before the API's two addresses, as a gateway would: it refuses a call unread, or lets it through.</summary>
internal sealed class LimitGate(LimitBoard board, CallLog calls)
{
    public Task HandleAsync(HttpContext context, Endpoints endpoint, RequestDelegate next)
    {
        var limits = board.Concerning(endpoint);
        var refusing = board.Enter(limits);
        calls.Note(endpoint, limited: refusing is not null);
        if (refusing is not null)
            return Spoiler.PageAsync(context.Response, 429, "Too Many Requests", refusing.RetryAfter);
        return limits.Length == 0 ? next(context) : LetThroughAsync(context, limits, next);
    }

    private async Task LetThroughAsync(HttpContext context, Limit[] limits, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        finally
        {
            board.Leave(limits);
        }
    }
}
