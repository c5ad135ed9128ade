using ImageWorker.Contracts;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ImageWorker.Operations;

/// <summary>Cancels and retries requests, one or many. What is done already is not done again.</summary>
public sealed class RequestActions(
    Database database,
    CommandSender sender,
    Queues queues,
    IOptions<ZpkOptions> zpk,
    TimeProvider time
)
{
    /// <summary>Requests that one call acts on at most; the caller goes on where it ended.</summary>
    public const int AtOnce = 200;

    /// <summary>Requests that a preview counts at most.</summary>
    public const int MostPreviewed = 10_000;

    /// <summary>How long a preview counts at most.</summary>
    private static readonly TimeSpan LongestPreview = TimeSpan.FromSeconds(5);

    private readonly ZpkPrices _prices = zpk.Value.Prices;

    /// <summary>Tells the request to stop. It is closed once its calls under way are known.</summary>
    public async Task<ActionEnd> CancelAsync(Guid id, CancellationToken ct)
    {
        var request = await FindAsync(id, ct);
        if (request is not { Command: not null })
            return ActionEnd.Unknown(RequestDetails.Unknown(id));
        if (request.ClosedAt is not null)
            return new("closed already", null, null);
        return await sender.SendAsync(queues.CancelImages, [new CancelImages { RequestId = id }], ct) is { } problem
            ? ActionEnd.Failed(problem)
            : new("told to stop", null, null);
    }

    /// <summary>Retries the request: <see cref="RequestRetry"/>.</summary>
    public async Task<ActionEnd> RetryAsync(Guid id, bool mayPayAgain, CancellationToken ct)
    {
        if (await FindAsync(id, ct) is not { } request)
            return ActionEnd.Unknown(RequestDetails.Unknown(id));
        if (RequestRetry.Obstacle(request, mayPayAgain) is { } obstacle)
            return ActionEnd.Refused(obstacle);
        if (request.ClosedAt is null)
            return await RequestRetry.HurryUpAsync(database, id, time.GetUtcNow(), ct)
                ? new("hurried", null, null)
                : ActionEnd.Refused($"request {id} was closed just now.");
        var command = RequestRetry.CommandAgain(request);
        if (await FindAsync(command.RequestId, ct) is not null)
            return new("asked again already", command.RequestId, null);
        return await sender.SendAsync(queues.GenerateImages, [command], ct) is { } problem
            ? ActionEnd.Failed(problem)
            : new("asked again", command.RequestId, null);
    }

    /// <summary>What acting on all that the search finds would be.</summary>
    public async Task<ActionPreview> PreviewAsync(
        RequestSearch search,
        bool isRetry,
        bool mayPayAgain,
        CancellationToken ct
    )
    {
        var (count, images) = (0, 0);
        decimal? cost = 0;
        var began = time.GetTimestamp();
        for (var after = search.After; ; )
        {
            var (requests, next) = await ReadAsync(
                search with
                {
                    After = after,
                    Limit = AtOnce,
                },
                isRetry,
                mayPayAgain,
                ct
            );
            count += requests.Count;
            images += requests.Sum(request => request.Images.Count);
            if (isRetry)
                cost += RequestCosts.SumOrUnknown(
                    requests
                        .Where(request => request.ClosedAt is not null)
                        .Select(request => request.Command!.Estimate(_prices, request.Command!.Count))
                );
            after = next;
            if (after is null || count >= MostPreviewed || time.GetElapsedTime(began) >= LongestPreview)
                return new(count, images, cost, after is not null);
        }
    }

    /// <summary>Acts on a page of what the search finds.</summary>
    public async Task<ActionProgress> ActAsync(
        RequestSearch search,
        bool isRetry,
        bool mayPayAgain,
        CancellationToken ct
    )
    {
        var (requests, next) = await ReadAsync(search with { Limit = AtOnce }, isRetry, mayPayAgain, ct);
        if (!isRetry)
            return await EndAsync(
                queues.CancelImages,
                requests.ConvertAll(request => new CancelImages { RequestId = request.CorrelationId })
            );
        foreach (var request in requests.Where(request => request.ClosedAt is null))
            await RequestRetry.HurryUpAsync(database, request.CorrelationId, time.GetUtcNow(), ct);
        return await EndAsync(
            queues.GenerateImages,
            requests.Where(request => request.ClosedAt is not null).Select(RequestRetry.CommandAgain).ToList()
        );

        async Task<ActionProgress> EndAsync<T>(string queue, List<T> commands)
            where T : class =>
            commands.Count > 0 && await sender.SendAsync(queue, commands, ct) is { } problem
                ? new(0, next?.ToString(), problem)
                : new(requests.Count, next?.ToString(), null);
    }

    /// <summary>Those of a page that the action is for.</summary>
    private Task<(List<ImageRequest> Requests, RequestCursor? Next)> ReadAsync(
        RequestSearch search,
        bool isRetry,
        bool mayPayAgain,
        CancellationToken ct
    ) =>
        database.InAsync(async db =>
        {
            var page = await search.PageAsync(db, ct);
            var ids = page.Requests.Select(request => request.Id).ToList();
            var requests = await db
                .Requests.AsNoTracking()
                .Where(row => ids.Contains(row.CorrelationId))
                .ToListAsync(ct);
            requests.RemoveAll(request =>
                isRetry
                    ? RequestRetry.Obstacle(request, mayPayAgain) is not null
                    : request is { Command: null } or { ClosedAt: not null }
            );
            return (requests, page.Next);
        });

    private Task<ImageRequest?> FindAsync(Guid id, CancellationToken ct) =>
        database.InAsync(db => db.Requests.AsNoTracking().FirstOrDefaultAsync(row => row.CorrelationId == id, ct));
}

/// <summary>What came of an action on one request.</summary>
/// <param name="Action">What was done, in words; why not, where there is a status.</param>
/// <param name="NewRequestId">The id under which it was asked for again.</param>
/// <param name="Status">The HTTP status of a failure; null for none.</param>
public sealed record ActionEnd(string Action, Guid? NewRequestId, int? Status)
{
    public static ActionEnd Unknown(string why) => new(why, null, StatusCodes.Status404NotFound);

    public static ActionEnd Refused(string why) => new(why, null, StatusCodes.Status409Conflict);

    public static ActionEnd Failed(string why) => new(why, null, StatusCodes.Status503ServiceUnavailable);
}

/// <summary>What an action on many requests would be.</summary>
/// <param name="Count">How many requests.</param>
/// <param name="Images">How many images they ask for.</param>
/// <param name="EstimatedCost">EUR by the price table; null where it has no price.</param>
/// <param name="More">True if there are more, which are not counted.</param>
public sealed record ActionPreview(int Count, int Images, decimal? EstimatedCost, bool More);

/// <summary>How far an action on many requests has come.</summary>
/// <param name="Done">How many this call acted on.</param>
/// <param name="Next">Where the next call goes on; null if nothing is left.</param>
/// <param name="Problem">Why it ended; null if it did what it could.</param>
public sealed record ActionProgress(int Done, string? Next, string? Problem);
