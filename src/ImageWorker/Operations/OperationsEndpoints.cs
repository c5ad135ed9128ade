using System.Net.Mime;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Operations.Api;
using ImageWorker.Operations.Pages;
using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Options;

namespace ImageWorker.Operations;

/// <summary>What operators see over HTTP. Every endpoint that shows the work is mapped here.</summary>
public static class OperationsEndpoints
{
    /// <summary>The pages are text, links, and one style.</summary>
    private static readonly string ContentPolicy =
        $"default-src 'none'; style-src '{PageStyle.Hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void AddOperations(this IServiceCollection services)
    {
        services.AddChecked<OperationsOptions>(OperationsOptions.Section);
        services.AddSearchableMetadata();
        services.AddSingleton<EmbeddedCommands>();
        services.AddSingleton<CommandSender>();
        services.AddSingleton<RequestActions>();
        services.AddSingleton<AuditLog>();
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
        app.UseAuthentication();
        app.UseAuthorization();
        var operations = app.MapGroup("").RequireAuthorization(OperationsAccess.Look);
        operations.MapGet("/", ShowStatusAsync);
        operations.MapGet("/requests/{id:guid}", ShowRequestAsync);
        operations.MapPrometheusScrapingEndpoint();
        operations.MapCosts();
        operations.MapRequests();
        var acting = app.MapActing();
        operations.MapActions(acting);
        operations.MapPutAside(acting);
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

    private static async Task<IResult> ShowStatusAsync(
        WorkerStatusReader reader,
        HttpContext http,
        CancellationToken ct
    ) => await PageAsync<StatusPage>(http, (nameof(StatusPage.Status), await reader.ReadAsync(ct)));

    private static async Task<IResult> ShowRequestAsync(
        Guid id,
        DatabaseState state,
        Database database,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        if ((await state.LookAsync(ct)).Unreadable is { } problem)
            return Results.Text(problem, statusCode: StatusCodes.Status503ServiceUnavailable);
        if (await database.InAsync(db => RequestDetails.FindAsync(db, id, time.GetUtcNow(), ct)) is not { } details)
            return Results.Text(RequestDetails.Unknown(id), statusCode: StatusCodes.Status404NotFound);
        return await PageAsync<RequestPage>(
            http,
            (nameof(RequestPage.Details), details),
            (nameof(RequestPage.Now), time.GetUtcNow())
        );
    }

    private static async Task<IResult> PageAsync<T>(HttpContext http, params (string Name, object? Value)[] parameters)
        where T : IComponent =>
        Results.Content(
            await HtmlAsync<T>(http.RequestServices, parameters),
            $"{MediaTypeNames.Text.Html}; charset=utf-8"
        );

    /// <summary>A page, whole.</summary>
    public static async Task<string> HtmlAsync<T>(
        IServiceProvider services,
        params (string Name, object? Value)[] parameters
    )
        where T : IComponent
    {
        await using var renderer = new HtmlRenderer(services, services.GetRequiredService<ILoggerFactory>());
        return await renderer.Dispatcher.InvokeAsync(async () =>
            (
                await renderer.RenderComponentAsync<T>(
                    ParameterView.FromDictionary(
                        parameters.ToDictionary(
                            parameter => parameter.Name,
                            parameter => parameter.Value,
                            StringComparer.Ordinal
                        )
                    )
                )
            ).ToHtmlString()
        );
    }
}
