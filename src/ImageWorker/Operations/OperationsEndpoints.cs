using System.Net.Mime;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Operations.Api;
using ImageWorker.Operations.History;
using ImageWorker.Requests;
using Microsoft.Extensions.Options;

namespace ImageWorker.Operations;

/// <summary>What operators see over HTTP. Every endpoint that shows the work is mapped here.</summary>
public static class OperationsEndpoints
{
    /// <summary>The pages are of this origin alone: nothing inline, nothing from elsewhere.</summary>
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static void AddOperations(this IServiceCollection services)
    {
        services.AddChecked<OperationsOptions>(OperationsOptions.Section);
        services.AddSearchableMetadata();
        services.AddSingleton<EmbeddedCommands>();
        services.AddSingleton<CommandSender>();
        services.AddSingleton<RequestActions>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<PutAsideMessages>();
        services.AddOpenApi(options =>
        {
            options.ShouldInclude = endpoint =>
                endpoint.RelativePath?.StartsWith("api/", StringComparison.Ordinal) is true;
            options.AddDocumentTransformer(
                (document, _, _) =>
                {
                    document.Info.Title = "ImageWorker";
                    document.Info.Description =
                        $"What operators see and do. Every call shows a key as 'Authorization: Bearer KEY'; what changes something needs the header '{ActionsEndpoints.Header}: act' too.";
                    return Task.CompletedTask;
                }
            );
        });
        services.AddSingleton<WorkerStatusReader>();
        // Pages are read again while somebody looks, and are mostly the same words.
        services.AddResponseCompression(compression => compression.MimeTypes = [MediaTypeNames.Text.Html]);
        services.AddSingleton<StatusFeed>();
        services.AddSingleton<HistoryReader>();
        services.AddSingleton<HistoryRecorder>();
        services.AddHostedService(provider => provider.GetRequiredService<HistoryRecorder>());
        services.AddSingleton<RequestPictures>();
        services.AddSingleton<ContractDocuments>();
        services.AddHealth();
        services.AddOperationsAccess();
    }

    /// <summary>What the worker keeps and searches find by, with <see cref="OperationsOptions"/>.</summary>
    public static void AddSearchableMetadata(this IServiceCollection services) =>
        services.AddSingleton(provider => new SearchableMetadata(
            provider.GetRequiredService<IOptions<OperationsOptions>>().Value.SearchableMetadata
        ));

    public static void MapOperations(this WebApplication app)
    {
        // First, so that refusals have them too.
        app.Use(AddHeadersAsync);
        app.UseResponseCompression();
        app.UseAuthentication();
        app.UseAuthorization();
        // A browser shows an answer without a body as nothing.
        app.UseStatusCodePages();
        app.UseApiProblems();
        var operations = app.MapGroup("").RequireAuthorization(OperationsAccess.Look);
        operations.MapPages();
        operations.MapAssets();
        operations.MapPrometheusScrapingEndpoint();
        var looking = operations.MapGroup("").RefuseWhatIsUnknown();
        looking.MapConsoleApi();
        looking.MapCosts();
        looking.MapRequests();
        var acting = app.MapActing();
        looking.MapActions(acting);
        looking.MapPutAside(acting);
        operations.MapOpenApi("/openapi.json");
    }

    /// <summary>No browser guesses what an answer is, runs or frames it, tells others its address, or keeps it.</summary>
    private static Task AddHeadersAsync(HttpContext http, RequestDelegate next)
    {
        var headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = ContentPolicy;
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        return next(http);
    }
}
