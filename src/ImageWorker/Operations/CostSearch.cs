using System.Globalization;
using System.Text;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations;

/// <summary>Sums up what closed requests cost, also of those that were removed since.</summary>
/// <param name="Since">Only requests that were closed on this day (UTC) or later.</param>
/// <param name="By">The columns that tell the sums apart, some of <see cref="Columns"/>; none for one sum of all.</param>
public sealed record CostSearch(DateOnly Since, IReadOnlyList<string> By)
{
    /// <summary>What sums can be told apart by.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["day", "model", "quality", "tenant", "outcome"];

    private const string Sums = "requests,images,cost,wasted,unknown";

    /// <summary>The words of a list with commas between; null if one of them is none of <see cref="Columns"/>.</summary>
    public static IReadOnlyList<string>? ParseBy(string text)
    {
        var words = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return words.All(word => Columns.Contains(word, StringComparer.OrdinalIgnoreCase))
            ? [.. Columns.Where(column => words.Contains(column, StringComparer.OrdinalIgnoreCase))]
            : null;
    }

    /// <summary>What somebody asks for by an age and a list of columns with commas between, or what is wrong with it.</summary>
    public static (CostSearch? Search, string? Problem) Parse(string since, string by, DateTimeOffset now) =>
        !AgeText.TryParse(since, out var age)
            ? (null, $"since is '{ShownText.Of(since)}': write a number with s, m, h or d, such as 30d.")
        : ParseBy(by) is { } columns ? (Last(age, columns, now), null)
        : (null, $"by is '{ShownText.Of(by)}': write some of {string.Join(", ", Columns)}.");

    /// <summary>The last days: those of which a part is younger than that.</summary>
    public static CostSearch Last(TimeSpan age, IReadOnlyList<string> by, DateTimeOffset now) =>
        new(DateOnly.FromDateTime((now - age).UtcDateTime), by);

    public Task<List<CostSums>> FindAsync(WorkerContext db, CancellationToken ct) =>
        db.Database.SqlQueryRaw<CostSums>(Statement(db), Since).ToListAsync(ct);

    /// <summary>Nobody's text gets into it: the columns are our own.</summary>
    private string Statement(WorkerContext db)
    {
        var asked = Columns.Where(By.Contains).ToList();
        var columns = Columns.Select(column =>
            $"{(asked.Contains(column) ? column : Missing(column))} AS \"{Title(column)}\""
        );
        var order = asked.Count == 0 ? "" : $"GROUP BY {string.Join(", ", asked)} ORDER BY {string.Join(", ", asked)}";
        return $$"""
            SELECT {{string.Join(", ", columns)}},
                CAST(coalesce(sum(requests), 0) AS bigint) AS "Requests",
                CAST(coalesce(sum(images), 0) AS bigint) AS "Images",
                coalesce({{db.SumOf("cost")}}, 0) AS "Cost", coalesce({{db.SumOf("wasted")}}, 0) AS "Wasted",
                CAST(coalesce(sum(unknown), 0) AS bigint) AS "Unknown"
            FROM costs WHERE day >= {0} {{order}}
            """;

        static string Missing(string column) => $"CAST(NULL AS {(column == "day" ? "date" : "text")})";
    }

    /// <summary>The sums as a table with commas, and a first line that names its columns.</summary>
    public string Csv(IEnumerable<CostSums> rows)
    {
        var csv = new StringBuilder().AppendJoin(',', [.. By, Sums]).Append('\n');
        foreach (var row in rows)
            csv.AppendJoin(',', Cells(row)).Append('\n');
        return csv.ToString();
    }

    /// <summary>One row's values, in the order of <see cref="Titles"/>.</summary>
    public IEnumerable<string> Cells(CostSums row) =>
        [
            .. By.Select(column => row.Of(column) ?? ""),
            Count(row.Requests),
            Count(row.Images),
            Readable.Cost(row.Cost),
            Readable.Cost(row.Wasted),
            Count(row.Unknown),
        ];

    public IReadOnlyList<string> Titles =>
        [.. By.Select(Title), "Requests", "Images", "Cost, EUR", "Wasted, EUR", "Unknown"];

    private static string Count(long count) => count.ToString(CultureInfo.InvariantCulture);

    private static string Title(string column) => char.ToUpperInvariant(column[0]) + column[1..];
}

/// <summary>One sum. What it is not told apart by is null.</summary>
/// <param name="Day">When the requests were closed, in UTC.</param>
/// <param name="Model">The commands' model.</param>
/// <param name="Quality">The commands' quality.</param>
/// <param name="Tenant">The tenant whose turns they took; <c>default</c> for none.</param>
/// <param name="Outcome"><c>ready</c>, or why they failed.</param>
/// <param name="Requests">How many were closed.</param>
/// <param name="Images">How many images were generated.</param>
/// <param name="Cost">EUR, as far as ZPK stated it.</param>
/// <param name="Wasted">EUR of it for attempts that no generated image came of.</param>
/// <param name="Unknown">How many of the requests may have cost more than ZPK stated.</param>
public sealed record CostSums(
    DateOnly? Day,
    string? Model,
    string? Quality,
    string? Tenant,
    string? Outcome,
    long Requests,
    long Images,
    decimal Cost,
    decimal Wasted,
    long Unknown
)
{
    public string? Of(string column) =>
        column switch
        {
            "day" => Day?.ToString("O", CultureInfo.InvariantCulture),
            "model" => Model,
            "quality" => Quality,
            "tenant" => Tenant,
            _ => Outcome,
        };
}
