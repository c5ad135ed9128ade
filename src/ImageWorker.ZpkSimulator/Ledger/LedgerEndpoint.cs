using System.Text.Json;
using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.ZpkSimulator.Ledger;

/// <summary><c>/_ledger</c> and <c>/_summary</c>: GET reads, DELETE forgets everything.</summary>
internal sealed class LedgerEndpoint(LedgerBook ledger, Action reset)
{
    public Task HandleAsync(HttpContext context, bool entries)
    {
        if (HttpMethods.IsDelete(context.Request.Method))
        {
            reset();
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        string? tag = context.Request.Query["tag"];
        context.Response.ContentType = Answer.ContentType;
        return JsonSerializer.SerializeAsync(
            context.Response.Body,
            ledger.Read(tag, entries),
            LedgerJson.Default.LedgerReport,
            context.RequestAborted
        );
    }
}
