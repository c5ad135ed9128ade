using ImageWorker.ZpkSimulator.Api;
using ImageWorker.ZpkSimulator.Faults;
using ImageWorker.ZpkSimulator.Ledger;
using ImageWorker.ZpkSimulator.Pictures;

namespace ImageWorker.ZpkSimulator;

/// <summary>
/// Six addresses need no routing library: the API's two, the pictures, and three under an underscore that the real
/// service does not have.
/// </summary>
internal sealed class Router(
    GenerateEndpoint generate,
    CheckStatusEndpoint check,
    PictureEndpoint pictures,
    LedgerEndpoint ledger,
    FaultsEndpoint faults
)
{
    public Task HandleAsync(HttpContext context)
    {
        var method = context.Request.Method;
        return context.Request.Path.Value switch
        {
            "/api/images/generate" => HttpMethods.IsPost(method) ? generate.HandleAsync(context) : WrongAsync(405),
            "/api/images/check-status" => HttpMethods.IsPost(method) ? check.HandleAsync(context) : WrongAsync(405),
            "/_ledger" => ledger.HandleAsync(context, entries: true),
            "/_summary" => ledger.HandleAsync(context, entries: false),
            "/_faults" => faults.HandleAsync(context),
            _ => context.Request.Path.StartsWithSegments("/images", StringComparison.Ordinal, out var rest)
                ? pictures.HandleAsync(context, rest)
                : WrongAsync(404),
        };

        Task WrongAsync(int status)
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        }
    }
}
