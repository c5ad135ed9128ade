using ImageWorker.ZpkSimulator.Api;
using ImageWorker.ZpkSimulator.Faults;
using ImageWorker.ZpkSimulator.Ledger;
using ImageWorker.ZpkSimulator.Limits;
using ImageWorker.ZpkSimulator.Pictures;

namespace ImageWorker.ZpkSimulator;

/// <summary>
/// Eight addresses need no routing library: the API's two, the pictures, and five under an underscore that the real
/// service does not have.
/// </summary>
internal sealed class Router(
    LimitGate gate,
    GenerateEndpoint generate,
    CheckStatusEndpoint check,
    PictureEndpoint pictures,
    LedgerEndpoint ledger,
    InForceEndpoint<FaultState> faults,
    InForceEndpoint<LimitState> limits
)
{
    public Task HandleAsync(HttpContext context)
    {
        var method = context.Request.Method;
        return context.Request.Path.Value switch
        {
            "/api/images/generate" => CallAsync(Endpoints.Generate, generate.HandleAsync),
            "/api/images/check-status" => CallAsync(Endpoints.Check, check.HandleAsync),
            "/_ledger" => ledger.LedgerAsync(context, entries: true),
            "/_summary" => ledger.LedgerAsync(context, entries: false),
            "/_calls" => ledger.CallsAsync(context),
            "/_faults" => faults.HandleAsync(context),
            "/_limits" => limits.HandleAsync(context),
            _ => context.Request.Path.StartsWithSegments("/images", StringComparison.Ordinal, out var rest)
                ? pictures.HandleAsync(context, rest)
                : WrongAsync(404),
        };

        Task CallAsync(Endpoints endpoint, RequestDelegate next) =>
            HttpMethods.IsPost(method) ? gate.HandleAsync(context, endpoint, next) : WrongAsync(405);

        Task WrongAsync(int status)
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        }
    }
}
