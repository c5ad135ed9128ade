using System.Net.Mime;
using ImageWorker.Hosting;
using ImageWorker.Operations.Pages;
using ImageWorker.Storage;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace ImageWorker.Operations;

/// <summary>What operators see over HTTP. Every endpoint that is neither health nor a callback is mapped here.</summary>
public static class OperationsEndpoints
{
    public static void AddOperations(this IServiceCollection services)
    {
        services.AddChecked<OperationsOptions>(OperationsOptions.Section);
        services.AddSingleton<WorkerStatusReader>();
        services.AddHealth();
        services.AddOperationsKey();
    }

    public static void MapOperations(this WebApplication app)
    {
        var operations = app.MapGroup("").RequireOperationsKey();
        operations.MapGet("/", ShowStatus);
        operations.MapGet("/requests/{id:guid}", ShowRequest);
        operations.MapPrometheusScrapingEndpoint();
    }

    private static async Task<IResult> ShowStatus(WorkerStatusReader reader, HttpContext http, CancellationToken ct) =>
        await Page<StatusPage>(http, (nameof(StatusPage.Status), await reader.Read(ct)));

    private static async Task<IResult> ShowRequest(
        Guid id,
        DatabaseState database,
        WorkerContext db,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        if ((await database.Look(ct)).Unreadable is { } problem)
            return Results.Text(problem, statusCode: StatusCodes.Status503ServiceUnavailable);
        if (await RequestDetails.Find(db, id, ct) is not { } details)
            return Results.Text(RequestDetails.Unknown(id), statusCode: StatusCodes.Status404NotFound);
        return await Page<RequestPage>(
            http,
            (nameof(RequestPage.Details), details),
            (nameof(RequestPage.Now), time.GetUtcNow())
        );
    }

    private static async Task<IResult> Page<T>(HttpContext http, params (string Name, object? Value)[] parameters)
        where T : IComponent
    {
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        return Results.Content(
            await Html<T>(http.RequestServices, parameters),
            $"{MediaTypeNames.Text.Html}; charset=utf-8"
        );
    }

    /// <summary>A page, whole.</summary>
    public static async Task<string> Html<T>(
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
