using System.Globalization;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using ImageWorker.Requests;

namespace ImageWorker.Commands.Batches;

/// <summary>
/// CSV whose first row names the fields, separated by commas, or by semicolons or tabs. An empty cell is an absent field.
/// A column <c>metadata.KEY</c> is an entry of the metadata.
/// </summary>
internal static class CsvRows
{
    private const string Metadata = "metadata";

    public static IEnumerable<FileRow> Of(string text)
    {
        using var reader = new StringReader(text);
        using var csv = new CsvParser(
            reader,
            new CsvConfiguration(CultureInfo.InvariantCulture)
            {
                Delimiter = DelimiterOf(text),
                TrimOptions = TrimOptions.None,
            }
        );
        string[]? heads = null;
        Dictionary<string, int>? columns = null;
        while (true)
        {
            var line = csv.RawRow + 1;
            var (row, fault) = Next(csv, line);
            if (fault is not null)
                yield return fault;
            if (row is null)
                yield break;
            if (heads is null || columns is null)
            {
                heads = [.. row.Select(head => head.Trim())];
                columns = ColumnsOf(heads);
                if (!columns.ContainsKey("prompt"))
                {
                    yield return Bad(line, ": names no column 'prompt'; the first line names the columns");
                    yield break;
                }
            }
            else if (row.Length > heads.Length)
                yield return Bad(
                    line,
                    $", column {heads.Length + 1}: there are only {heads.Length} columns; a text with '{csv.Delimiter}' in it stands in quotes"
                );
            else
                yield return new(line, [.. FieldsOf(heads, row)], columns);
        }
    }

    private static (string[]? Row, FileRow? Fault) Next(CsvParser csv, int line)
    {
        try
        {
            return (csv.Read() ? csv.Record : null, null);
        }
        catch (BadDataException)
        {
            return (
                null,
                Bad(
                    line,
                    ": a quote is out of place; a text with '\"' in it stands in quotes, and each '\"' in it twice"
                )
            );
        }
    }

    private static IEnumerable<JsonField> FieldsOf(string[] heads, string[] row)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (head, cell) in heads.Zip(row).Where(pair => pair is { First.Length: > 0, Second.Length: > 0 }))
        {
            if (KeyOf(head) is { } key)
                metadata[key] = cell;
            else
                yield return new(head, JsonSerializer.SerializeToElement(cell));
        }
        if (metadata.Count > 0)
            yield return new(Metadata, JsonSerializer.SerializeToElement(metadata));
    }

    private static Dictionary<string, int> ColumnsOf(string[] heads)
    {
        var columns = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var (index, head) in heads.Index())
            columns.TryAdd(KeyOf(head) is null ? head : Metadata, index + 1);
        return columns;
    }

    private static string? KeyOf(string head) =>
        head.StartsWith($"{Metadata}.", StringComparison.OrdinalIgnoreCase) ? head[(Metadata.Length + 1)..] : null;

    private static string DelimiterOf(string text)
    {
        var first = text.AsSpan().TrimStart();
        first = first[..(first.IndexOfAny('\r', '\n') is >= 0 and var end ? end : first.Length)];
        return first.Contains(',') ? ","
            : first.Contains(';') ? ";"
            : first.Contains('\t') ? "\t"
            : ",";
    }

    private static FileRow Bad(int line, string fault) =>
        new(line, [], new Dictionary<string, int>(StringComparer.Ordinal), fault);
}
