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
        operations.MapGet("/", ShowStatusAsync);
        operations.MapGet("/requests/{id:guid}", ShowRequestAsync);
        operations.MapPrometheusScrapingEndpoint();
    }

    private static async Task<IResult> ShowStatusAsync(
        WorkerStatusReader reader,
        HttpContext http,
        CancellationToken ct
    ) => await PageAsync<StatusPage>(http, (nameof(StatusPage.Status), await reader.ReadAsync(ct)));

    private static async Task<IResult> ShowRequestAsync(
        Guid id,
        DatabaseState database,
        WorkerContext db,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        if ((await database.LookAsync(ct)).Unreadable is { } problem)
            return Results.Text(problem, statusCode: StatusCodes.Status503ServiceUnavailable);
        if (await RequestDetails.FindAsync(db, id, ct) is not { } details)
            return Results.Text(RequestDetails.Unknown(id), statusCode: StatusCodes.Status404NotFound);
        return await PageAsync<RequestPage>(
            http,
            (nameof(RequestPage.Details), details),
            (nameof(RequestPage.Now), time.GetUtcNow())
        );
    }

    private static async Task<IResult> PageAsync<T>(HttpContext http, params (string Name, object? Value)[] parameters)
        where T : IComponent
    {
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        return Results.Content(
            await HtmlAsync<T>(http.RequestServices, parameters),
            $"{MediaTypeNames.Text.Html}; charset=utf-8"
        );
    }

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
