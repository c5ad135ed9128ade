using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using ImageWorker.Zpk;
using ConfigurationException = ImageWorker.Hosting.ConfigurationException;

namespace ImageWorker.Commands.Batches;

/// <summary>
/// The results of a batch. Each is added at once, so that a run that ends before its time leaves what it knew. The next run
/// takes the closed rows as done.
/// </summary>
public sealed class ResultFile : IDisposable
{
    private static readonly string[] Heads =
    [
        "row",
        "requestId",
        "state",
        "reason",
        "generated",
        "failed",
        "cost",
        "maxCost",
        "urls",
        "files",
        "errors",
    ];

    private static readonly CsvConfiguration Csv = new(CultureInfo.InvariantCulture)
    {
        NewLine = "\n",
        // What ZPK says must not be a formula in somebody's spreadsheet.
        InjectionOptions = InjectionOptions.Escape,
    };

    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly FileInfo _file;
    private readonly bool _isCsv;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, BatchResult> _results = [];
    private FileStream? _open;

    private ResultFile(FileInfo file)
    {
        _file = file;
        _isCsv = BatchFile.IsCsv(file.Name);
    }

    /// <summary>The results of earlier runs, if there were any. Nothing is written yet.</summary>
    /// <exception cref="ConfigurationException">The file holds something else.</exception>
    public static ResultFile Read(FileInfo file)
    {
        var results = new ResultFile(file);
        if (!file.Exists)
            return results;
        try
        {
            var text = File.ReadAllText(file.FullName);
            foreach (var result in results._isCsv ? FromCsv(text) : FromJson(text))
                results._results[result.RequestId] = result;
            return results;
        }
        catch (Exception mistake) when (mistake is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"--result {file} cannot be read: {mistake.Message}");
        }
        catch (Exception mistake) when (mistake is JsonException or FormatException or CsvHelperException)
        {
            throw new ConfigurationException(
                $"--result {file} is there and holds no results of a batch. Name another file."
            );
        }
    }

    /// <summary>What an earlier run left of a row that it closed; null if none did.</summary>
    public BatchResult? ClosedBefore(Guid requestId) =>
        _results.GetValueOrDefault(requestId) is { IsClosed: true } closed ? closed : null;

    /// <summary>What an earlier run left of a row that it sent; null if none did.</summary>
    public BatchResult? OpenBefore(Guid requestId) =>
        _results.GetValueOrDefault(requestId) is { State: RowState.Open } open ? open : null;

    /// <summary>Begins to write. Another run on the same file is kept out until this one ends.</summary>
    /// <exception cref="ConfigurationException">The file cannot be written.</exception>
    public void Begin()
    {
        try
        {
            _open = new(_file.FullName, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
            WriteAll();
        }
        catch (Exception mistake) when (mistake is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"--result {_file} cannot be written: {mistake.Message}");
        }
    }

    public void Add(BatchResult result)
    {
        lock (_lock)
        {
            _results[result.RequestId] = result;
            Write(_isCsv ? CsvOf([result], withHeads: false) : JsonOf([result]));
        }
    }

    /// <summary>Ends with every row, in order. What rows left that are no longer in the file stands among them.</summary>
    /// <param name="unsent">What stands for a row of which nothing is known.</param>
    public void Complete(IEnumerable<BatchResult> unsent)
    {
        lock (_lock)
        {
            foreach (var result in unsent)
                _results.TryAdd(result.RequestId, result);
            WriteAll();
        }
    }

    public void Dispose() => _open?.Dispose();

    private void WriteAll()
    {
        var results = _results.Values.OrderBy(result => result.Row).ToList();
        _open!.SetLength(0);
        Write(_isCsv ? CsvOf(results, withHeads: true) : JsonOf(results));
    }

    private void Write(string text)
    {
        _open!.Write(Encoding.UTF8.GetBytes(text));
        _open.Flush();
    }

    private static string JsonOf(IEnumerable<BatchResult> results) =>
        string.Concat(results.Select(result => $"{JsonSerializer.Serialize(result, Json)}\n"));

    private static string CsvOf(IEnumerable<BatchResult> results, bool withHeads)
    {
        using var text = new StringWriter();
        using (var csv = new CsvWriter(text, Csv))
        {
            if (withHeads)
                Line(csv, Heads);
            foreach (var result in results)
                Line(
                    csv,
                    [
                        $"{result.Row}",
                        $"{result.RequestId}",
                        JsonSerializer.SerializeToElement(result.State).GetString()!,
                        result.Reason,
                        $"{result.Generated}",
                        $"{result.Failed}",
                        result.Cost?.ToString(CultureInfo.InvariantCulture) ?? "",
                        result.MaxCost?.ToString(CultureInfo.InvariantCulture) ?? "",
                        string.Join(' ', result.Urls),
                        string.Join(' ', result.Files),
                        string.Join("; ", result.Errors.Select(error => ShownText.Of(error))),
                    ]
                );
        }
        return text.ToString();
    }

    private static void Line(CsvWriter csv, IEnumerable<string> cells)
    {
        foreach (var cell in cells)
            csv.WriteField(cell);
        csv.NextRecord();
    }

    private static IEnumerable<BatchResult> FromJson(string text)
    {
        foreach (var line in WholeLines(text))
            yield return JsonSerializer.Deserialize<BatchResult>(line, Json)
                ?? throw new FormatException("A line is of another file.");
    }

    private static IEnumerable<BatchResult> FromCsv(string text)
    {
        using var reader = new StringReader(string.Join('\n', WholeLines(text)));
        using var csv = new CsvParser(reader, Csv);
        if (csv.Read() && !csv.Record!.SequenceEqual(Heads, StringComparer.Ordinal))
            throw new FormatException("The first line is that of another file.");
        while (csv.Read())
        {
            if (csv.Record is not { Length: 11 } cells)
                throw new FormatException($"Line {csv.RawRow} is that of another file.");
            yield return new()
            {
                Row = int.Parse(cells[0], CultureInfo.InvariantCulture),
                RequestId = Guid.Parse(cells[1]),
                State = JsonSerializer.SerializeToElement(cells[2]).Deserialize<RowState>(),
                Reason = cells[3],
                Generated = int.Parse(cells[4], CultureInfo.InvariantCulture),
                Failed = int.Parse(cells[5], CultureInfo.InvariantCulture),
                Cost = SumOf(cells[6]),
                MaxCost = SumOf(cells[7]),
                Urls = Words(cells[8]),
                Files = Words(cells[9]),
                Errors = cells[10].Length == 0 ? [] : cells[10].Split("; "),
            };
        }
    }

    /// <summary>The end of a line that a killed run began is left out. No cell has a line's end in it.</summary>
    private static string[] WholeLines(string text) =>
        text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static decimal? SumOf(string cell) =>
        cell.Length == 0 ? null : decimal.Parse(cell, CultureInfo.InvariantCulture);

    private static string[] Words(string cell) => cell.Length == 0 ? [] : cell.Split(' ');
}
