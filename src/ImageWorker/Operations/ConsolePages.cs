using System.Net.Mime;
using ImageWorker.Operations.History;
using ImageWorker.Operations.Pages;
using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Options;

namespace ImageWorker.Operations;

/// <summary>The pages of the operators' console.</summary>
public static class ConsolePages
{
    private static readonly (string Since, string By) UsualCosts = ("30d", "day,model");

    public static void MapPages(this IEndpointRouteBuilder endpoints)
    {
        var pages = endpoints.MapGroup("").ExcludeFromDescription();
        pages.MapGet("/", ShowOverviewAsync);
        pages.MapGet("/requests", ShowRequestsAsync);
        pages.MapGet("/requests/{id:guid}", ShowRequestAsync);
        pages.MapGet("/put-aside", ShowPutAsideAsync);
        pages.MapGet("/costs", ShowCostsAsync);
        pages.MapGet("/audit", ShowAuditAsync);
    }

    private static async Task<IResult> ShowOverviewAsync(
        Database database,
        HistoryReader history,
        HttpContext http,
        string? span,
        CancellationToken ct
    )
    {
        if (ConsoleApi.SpanOf(span) is not { } known)
            return Results.Text(ConsoleApi.NoSpan(span), statusCode: StatusCodes.Status400BadRequest);
        var view = await ViewAsync(http, "", "./", ct);
        var (open, closed) = view.Status.IsReadable
            ? await database.InAsync(async db =>
                (
                    await new RequestSearch(RequestSearch.Open, Limit: 15).FindAsync(db, ct),
                    await new RequestSearch(RequestStates.Closed, Limit: 15).FindAsync(db, ct)
                )
            )
            : ([], []);
        return await PageAsync<OverviewPage>(
            http,
            (nameof(OverviewPage.View), view),
            (nameof(OverviewPage.History), view.Status.IsReadable ? await history.ReadAsync(known) : null),
            (nameof(OverviewPage.Open), open),
            (nameof(OverviewPage.Closed), closed)
        );
    }

    private static async Task<IResult> ShowRequestsAsync(
        string? after,
        Database database,
        SearchableMetadata searchable,
        HttpContext http,
        CancellationToken ct
    )
    {
        var view = await ViewAsync(http, "requests", "./", ct);
        if (view.Status is { IsReadable: false, Problem: { } away })
            return Results.Text(away, statusCode: StatusCodes.Status503ServiceUnavailable);
        var query = http.Request.Query;
        var filter = FilterForm.Read(query);
        var (search, problem) = filter.Parse(searchable, view.Status.Now);
        var cursor = after is null ? null : RequestCursor.TryParse(after);
        var found = search is null
            ? new([], null)
            : await database.InAsync(db => (search with { After = cursor }).PageAsync(db, ct));
        return await PageAsync<RequestsPage>(
            http,
            (nameof(RequestsPage.View), view),
            (nameof(RequestsPage.Filter), filter),
            (nameof(RequestsPage.Found), found),
            (nameof(RequestsPage.First), cursor is null ? null : FilterForm.Address(query, after: null)),
            (nameof(RequestsPage.Next), found.Next is { } next ? FilterForm.Address(query, $"{next}") : null),
            (nameof(RequestsPage.MetadataKey), searchable.Key),
            (nameof(RequestsPage.Problem), problem)
        );
    }

    private static async Task<IResult> ShowPutAsideAsync(
        PutAsideMessages messages,
        HttpContext http,
        CancellationToken ct
    )
    {
        var form = PutAsideForm.Read(http.Request.Query);
        var (queues, problem) = form.Problem is { } wrong
            ? ([], wrong)
            : await messages.ReadAsync(queue: null, PutAsidePage.Shown, form.WithPrompts, ct);
        return await PageAsync<PutAsidePage>(
            http,
            (nameof(PutAsidePage.View), await ViewAsync(http, "put-aside", "./", ct)),
            (nameof(PutAsidePage.Form), form),
            (nameof(PutAsidePage.Queues), queues),
            (nameof(PutAsidePage.Problem), problem)
        );
    }

    private static async Task<IResult> ShowCostsAsync(
        string? since,
        string[] by,
        Database database,
        HttpContext http,
        CancellationToken ct
    )
    {
        var view = await ViewAsync(http, "costs", "./", ct);
        if (view.Status is { IsReadable: false, Problem: { } away })
            return Results.Text(away, statusCode: StatusCodes.Status503ServiceUnavailable);
        since ??= UsualCosts.Since;
        var (asked, problem) = CostSearch.Parse(
            since,
            by is [] ? UsualCosts.By : string.Join(',', by),
            view.Status.Now
        );
        var search = asked ?? CostSearch.Parse(UsualCosts.Since, UsualCosts.By, view.Status.Now).Search!;
        return await PageAsync<CostsPage>(
            http,
            (nameof(CostsPage.View), view),
            (nameof(CostsPage.Search), search),
            (nameof(CostsPage.Since), since),
            (nameof(CostsPage.Rows), asked is null ? [] : await database.InAsync(db => asked.FindAsync(db, ct))),
            (nameof(CostsPage.Problem), problem)
        );
    }

    private static async Task<IResult> ShowAuditAsync(AuditLog audit, HttpContext http, CancellationToken ct)
    {
        var view = await ViewAsync(http, "audit", "./", ct);
        if (view.Status is { IsReadable: false, Problem: { } away })
            return Results.Text(away, statusCode: StatusCodes.Status503ServiceUnavailable);
        return await PageAsync<AuditPage>(
            http,
            (nameof(AuditPage.View), view),
            (nameof(AuditPage.Lines), await audit.LatestAsync(200, ct))
        );
    }

    private static async Task<IResult> ShowRequestAsync(
        Guid id,
        DatabaseState state,
        Database database,
        IOptions<OperationsOptions> options,
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
            (nameof(RequestPage.View), await ViewAsync(http, "requests", "../", ct)),
            (nameof(RequestPage.Details), details),
            (nameof(RequestPage.Now), time.GetUtcNow()),
            (nameof(RequestPage.TraceUrl), options.Value.TraceUrl)
        );
    }

    private static async Task<ConsoleView> ViewAsync(HttpContext http, string here, string root, CancellationToken ct)
    {
        var status = await http.RequestServices.GetRequiredService<StatusFeed>().NowAsync(ct);
        return new(status, http.User.IsInRole(OperationsAccess.Act), here, root);
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
