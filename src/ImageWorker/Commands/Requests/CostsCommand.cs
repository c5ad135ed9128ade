using System.CommandLine;
using ImageWorker.Operations;

namespace ImageWorker.Commands.Requests;

/// <summary><c>ImageWorker costs</c>: what closed requests cost, in sums that outlive the requests.</summary>
public static class CostsCommand
{
    private static readonly TimeSpan Default = TimeSpan.FromDays(30);

    public static Command Create()
    {
        var since = AgeOption.Create("--since", "How far back, in whole days of UTC: 12h, 7d, 30d (default).");
        var by = new Option<IReadOnlyList<string>>("--by")
        {
            Description = $"What to tell apart, with commas between: {string.Join(", ", CostSearch.Columns)}.",
            HelpName = "COLUMNS",
            DefaultValueFactory = _ => [],
            CustomParser = result =>
            {
                var given = string.Join(',', result.Tokens.Select(token => token.Value));
                if (CostSearch.ParseBy(given) is { } columns)
                    return columns;
                result.AddError(
                    $"--by is '{given}': it must be some of {string.Join(", ", CostSearch.Columns)}, with commas between."
                );
                return [];
            },
        };
        var csv = new Option<bool>("--csv") { Description = "Print CSV, for spreadsheets." };
        var json = RequestsCommand.JsonOption();
        var command = new Command("costs", "Sum up what closed requests cost, also those that were removed since.")
        {
            since,
            by,
            csv,
            json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(csv) && result.GetValue(json))
                result.AddError("--csv and --json are both given: keep one.");
        });
        command.SetAction(
            (parsed, ct) =>
                OperatorSession.RunAsync(
                    async session =>
                    {
                        var search = CostSearch.Last(
                            parsed.GetValue(since) ?? Default,
                            parsed.GetValue(by)!,
                            session.Time.GetUtcNow()
                        );
                        var rows = await session.InDatabaseAsync(db => search.FindAsync(db, ct));
                        Print(search, rows, parsed.GetValue(csv), parsed.GetValue(json));
                        return CommandLine.Done;
                    },
                    ct
                )
        );
        return command;
    }

    private static void Print(CostSearch search, IReadOnlyList<CostSums> rows, bool csv, bool json)
    {
        if (csv)
            Console.Write(search.Csv(rows));
        else if (json)
            Printed.Json(rows);
        else
            Printed.Table(
                $"Costs since {search.Since:O}",
                search.Titles,
                rows.Select(row => (IReadOnlyList<string>)[.. search.Cells(row)])
            );
    }
}
