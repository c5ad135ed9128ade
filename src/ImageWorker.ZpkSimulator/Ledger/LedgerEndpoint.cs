using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.ZpkSimulator.Ledger;

/// <summary><c>/_ledger</c>, <c>/_summary</c> and <c>/_calls</c>: GET reads, DELETE forgets everything.</summary>
internal sealed class LedgerEndpoint(LedgerBook ledger, CallLog calls, Action reset)
{
    /// <summary>The sums, and the submissions one by one if asked to.</summary>
    public Task LedgerAsync(HttpContext context, bool entries) =>
        AnswerAsync(context, () => ledger.Read(context.Request.Query["tag"], entries), LedgerJson.Default.LedgerReport);

    public Task CallsAsync(HttpContext context) => AnswerAsync(context, calls.Read, LedgerJson.Default.CallsReport);

    private Task AnswerAsync<T>(HttpContext context, Func<T> read, JsonTypeInfo<T> form)
    {
        if (HttpMethods.IsDelete(context.Request.Method))
        {
            reset();
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        context.Response.ContentType = Answer.ContentType;
        return JsonSerializer.SerializeAsync(context.Response.Body, read(), form, context.RequestAborted);
    }
}
