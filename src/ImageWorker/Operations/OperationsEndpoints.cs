using System.Net.Mime;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace ImageWorker.Operations;

/// <summary>What operators see over HTTP. Every endpoint that is neither health nor a callback is mapped here.</summary>
public static class OperationsEndpoints
{
    public static void AddOperations(this IServiceCollection services) => services.AddSingleton<WorkerStatusReader>();

    public static void MapOperations(this WebApplication app)
    {
        var operations = app.MapGroup("").RequireOperationsKey();
        operations.MapGet("/", ShowStatus);
        operations.MapPrometheusScrapingEndpoint();
    }

    private static async Task<IResult> ShowStatus(
        WorkerStatusReader reader,
        HttpContext http,
        ILoggerFactory logging,
        CancellationToken ct
    )
    {
        var status = await reader.Read(ct);
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";

        return Results.Content(
            await status.ToHtml(http.RequestServices, logging),
            $"{MediaTypeNames.Text.Html}; charset=utf-8"
        );
    }

    /// <summary>The page, whole.</summary>
    public static async Task<string> ToHtml(this WorkerStatus status, IServiceProvider services, ILoggerFactory logging)
    {
        await using var renderer = new HtmlRenderer(services, logging);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var parameters = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                [nameof(StatusPage.Status)] = status,
            };
            return (
                await renderer.RenderComponentAsync<StatusPage>(ParameterView.FromDictionary(parameters))
            ).ToHtmlString();
        });
    }
}
