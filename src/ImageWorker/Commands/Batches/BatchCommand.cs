using ImageWorker.Commands.Requests;
using ImageWorker.Hosting;
using ImageWorker.Operations;
using ImageWorker.Zpk;
using Microsoft.Extensions.Options;

namespace ImageWorker.Commands.Batches;

/// <summary>
/// <c>ImageWorker send --file FILE</c>: a request for each row. The ids are derived from the rows, so that the same command
/// goes on where it stopped and pays for nothing twice.
/// </summary>
internal static class BatchCommand
{
    public static async Task<int> RunAsync(BatchPlan plan, bool json, CancellationToken ct)
    {
        var file = BatchFile.Read(plan);
        if (file.Faults.Count > 0)
            return new CommandFailure(CommandLine.Misused, file.Faults).Tell();
        foreach (var warning in file.Warnings)
            await Console.Error.WriteLineAsync($"{plan.File}: {ShownText.Of(warning)}");

        var builder = CommandHost.Create();
        builder.Services.AddQueueNames();
        builder.Services.AddChecked<ZpkOptions>(ZpkOptions.Section);
        var prices = PricesOf(builder);

        using var results = ResultFile.Read(plan.Results);
        var rows = BatchBudget.Share(plan.MaxCost, file.Rows, results, prices);
        var earlier = rows.Select(row => results.ClosedBefore(row.Command.RequestId)).OfType<BatchResult>().ToList();
        var left = rows.Where(row => results.ClosedBefore(row.Command.RequestId) is null).ToList();
        var estimate = BatchBudget.Estimate(left, prices);
        if (plan.IsDryRun)
            Tell(plan, rows, left, estimate, json);
        if (plan.MaxCost is { } budget && !(earlier.Sum(result => result.Cost ?? 0) + estimate <= budget))
            return new CommandFailure(
                CommandLine.Failed,
                $"{Readable.Count(left.Count, "row")} may cost {Readable.Cost(estimate)} EUR, which with what was paid is above --max-cost {Readable.Cost(budget)}. Nothing was sent."
            ).Tell();
        return plan.IsDryRun
            ? CommandLine.Done
            : await SendAsync(plan, builder, rows, earlier, left, results, json, ct);
    }

    private static async Task<int> SendAsync(
        BatchPlan plan,
        HostApplicationBuilder builder,
        IReadOnlyList<BatchRow> rows,
        IReadOnlyList<BatchResult> earlier,
        List<BatchRow> left,
        ResultFile results,
        bool json,
        CancellationToken ct
    )
    {
        if (plan.Pictures is not null)
            BatchPictures.MakeWritable(plan.Pictures);
        results.Begin();
        await using var pictures = plan.Pictures is null ? null : PictureClient(builder.Configuration);
        await using ISendSession session = Connections.AreMissing(builder.Configuration)
            ? FileSession.Open(builder)
            : await BrokerSession.OpenAsync(builder, ct);
        await Console.Error.WriteLineAsync(
            $"Sending {Readable.Count(left.Count)} of {Readable.Count(rows.Count, "row")} to {session.Destination}"
        );

        var tally = new BatchTally(rows.Count, TimeProvider.System);
        var view = new BatchView(tally, TimeProvider.System);
        using var run = new BatchRun(
            session,
            results,
            pictures is null ? null : new(pictures.GetRequiredService<ZpkImagesClient>(), plan.Pictures!),
            tally,
            view
        );
        string? ended = null;
        try
        {
            await view.FollowAsync(async () =>
            {
                await run.TakeAsync(earlier, ct);
                await run.RunAsync(left, ct);
            });
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            ended =
                $"{Readable.Count(run.Open.Count, "row")} still open; the same command goes on where it stopped, and pays nothing twice";
        }
        catch (TimeoutException)
        {
            ended = $"{Readable.Count(run.Open.Count, "row")} not closed in time. Does a worker run?";
        }
        finally
        {
            results.Complete(rows.Select(row => BatchResult.Unfinished(row, RowState.NotSent)));
        }
        if (!tally.IsDone)
            await Console.Error.WriteLineAsync($"ImageWorker: {ended ?? tally.Problems}");
        Tell(plan, tally, json);
        return tally.IsDone ? CommandLine.Done : CommandLine.Failed;
    }

    private static void Tell(BatchPlan plan, BatchTally tally, bool json)
    {
        if (json || Console.IsOutputRedirected)
            Printed.Json(
                new
                {
                    tally.Rows,
                    tally.Closed,
                    tally.FailedRows,
                    tally.Images,
                    tally.FailedImages,
                    tally.Cost,
                    Result = $"{plan.Results}",
                }
            );
        else
            Console.WriteLine($"{tally.Sum}. Results: {ShownText.Of($"{plan.Results}")}");
    }

    private static void Tell(
        BatchPlan plan,
        IReadOnlyList<BatchRow> rows,
        List<BatchRow> left,
        decimal? estimate,
        bool json
    )
    {
        var images = left.Sum(row => row.Command.Count);
        if (json || Console.IsOutputRedirected)
            Printed.Json(
                new
                {
                    Rows = rows.Count,
                    Left = left.Count,
                    Images = images,
                    Estimate = estimate,
                    plan.MaxCost,
                }
            );
        else
            Console.WriteLine(
                $"{Readable.Count(rows.Count, "row")}, {Readable.Count(left.Count)} left: {Readable.Count(images, "image")}, {Readable.Cost(estimate)} EUR by the price table."
            );
    }

    /// <summary>Reads them without a host: a budget is checked before anything is connected.</summary>
    private static ZpkPrices PricesOf(HostApplicationBuilder builder)
    {
        using var services = builder.Services.BuildServiceProvider();
        return services.GetRequiredService<IOptions<ZpkOptions>>().Value.Prices;
    }

    /// <summary>Pictures are fetched without credentials, which a publisher need not have.</summary>
    private static ServiceProvider PictureClient(ConfigurationManager configuration)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Zpk:ApplicationId"] = "pictures-only",
            ["Zpk:ApiKey"] = "pictures-only",
            ["Zpk:ApiKeyFile"] = null,
        };
        // Its pictures are on this machine, where no other picture may be.
        if (HostSettings.BringsSimulator(configuration))
            settings["Zpk:BaseAddress"] = "http://localhost";
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(
            new ConfigurationBuilder().AddConfiguration(configuration).AddInMemoryCollection(settings).Build()
        );
        services.AddMetrics();
        services.AddZpkImages();
        return services.BuildServiceProvider();
    }
}
