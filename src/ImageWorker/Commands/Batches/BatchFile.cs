using System.Text;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Zpk;

namespace ImageWorker.Commands.Batches;

/// <summary>One row of a batch.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Command">What it asks for.</param>
public sealed record BatchRow(int Number, GenerateImages Command);

/// <summary>One row as it stands in its file.</summary>
/// <param name="Line">The line that it begins on, from 1.</param>
/// <param name="Fields">Its fields; none if it cannot be read.</param>
/// <param name="Columns">The column of each field, where the file has columns.</param>
/// <param name="Fault">Why it cannot be read; null if it can.</param>
public sealed record FileRow(
    int Line,
    IReadOnlyList<JsonField> Fields,
    IReadOnlyDictionary<string, int> Columns,
    string? Fault = null
);

/// <summary>
/// Reads the rows of a batch, each as the message of its fields would be read. All faults are found before anything is
/// sent.
/// </summary>
public sealed class BatchFile
{
    /// <summary>Of a large file that is wrong throughout, nobody reads more.</summary>
    private const int MostFaults = 20;

    private readonly List<string> _faults = [];
    private readonly List<string> _warnings = [];
    private int _untold;

    public List<BatchRow> Rows { get; } = [];

    /// <summary>What is wrong, by line and column; none for a good file.</summary>
    public IReadOnlyList<string> Faults =>
        _untold == 0 ? _faults : [.. _faults, $"and {_untold} more; nothing was sent"];

    /// <summary>What was passed over.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    public static bool IsCsv(string file) => Path.GetExtension(file).Equals(".csv", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads all of it.</summary>
    /// <exception cref="ConfigurationException">It is not there, or no text in UTF-8.</exception>
    public static BatchFile Read(BatchPlan plan)
    {
        var isInput = plan.File == BatchPlan.StandardInput;
        var text = TextOf(plan.File, isInput);
        var isCsv = Path.GetExtension(plan.File).ToLowerInvariant() switch
        {
            ".csv" => true,
            ".jsonl" or ".ndjson" or ".json" => false,
            _ => !text.AsSpan().TrimStart().StartsWith("{", StringComparison.Ordinal),
        };
        var file = new BatchFile();
        file.Take(isCsv ? CsvRows.Of(text) : JsonRows.Of(text), plan, isInput ? "standard input" : plan.File);
        return file;
    }

    private void Take(IEnumerable<FileRow> rows, BatchPlan plan, string name)
    {
        var defaults = DefaultsOf(plan.Row);
        var occurrences = new Dictionary<string, int>(StringComparer.Ordinal);
        var seen = new Dictionary<Guid, int>();
        foreach (var row in rows)
        {
            if (row.Fault is not null)
            {
                Fault($"{name}, line {row.Line}{row.Fault}");
                continue;
            }
            // The defaults are no part of what is judged: beside its own default, a misspelt field would only be ignored.
            var read = CommandRead.Of<GenerateImages>(row.Fields);
            foreach (var unknown in read.Warnings.Select(warning => warning.Message))
            {
                if (!_warnings.Contains(unknown, StringComparer.Ordinal))
                    _warnings.Add(unknown);
            }
            var command = WithId(Completed(row, defaults), plan.Name, occurrences);
            foreach (var fault in FaultsOf(command, read.Faults))
                Fault($"{name}, line {row.Line}{ColumnOf(row, fault)}: {fault.Message}");
            if (!seen.TryAdd(command.RequestId, row.Line))
                Fault($"{name}, line {row.Line}: requestId is that of line {seen[command.RequestId]}");
            Rows.Add(new(Rows.Count + 1, command));
        }
        if (Rows.Count == 0 && _faults.Count == 0)
            Fault($"{name} holds no row");
    }

    private static IEnumerable<RequestError> FaultsOf(GenerateImages command, IReadOnlyList<RequestError> unread) =>
        unread.Concat(
            CommandRules.FaultsOf(command).ExceptBy(unread.Select(f => f.On), f => f.On, StringComparer.Ordinal)
        );

    /// <summary>
    /// A row without an id gets one that is derived from what it asks for. So it is the same in the next run, also if other
    /// rows came or went.
    /// </summary>
    private static GenerateImages WithId(GenerateImages command, string batch, Dictionary<string, int> occurrences)
    {
        if (command.RequestId != Guid.Empty)
            return command;
        var fingerprint = CommandFingerprint.Of(command);
        var before = occurrences.GetValueOrDefault(fingerprint);
        occurrences[fingerprint] = before + 1;
        return command with { RequestId = DerivedMessageId.ForRow(batch, fingerprint, before) };
    }

    private static GenerateImages Completed(FileRow row, List<JsonField> defaults)
    {
        var given = row.Fields.Select(field => field.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return CommandRead
            .Of<GenerateImages>(row.Fields.Concat(defaults.Where(field => !given.Contains(field.Name))))
            .Command;
    }

    private static List<JsonField> DefaultsOf(GenerateImages row) =>
        [
            .. JsonSerializer
                .SerializeToElement(row with { RequestId = Guid.Empty, Prompt = "" }, JsonSerializerOptions.Web)
                .EnumerateObject()
                .Where(field => field.Name is not (CommandRead.RequestId or "prompt"))
                .Select(field => new JsonField(field.Name, field.Value)),
        ];

    private static string ColumnOf(FileRow row, RequestError fault) =>
        fault.On is { } field && row.Columns.TryGetValue(field.Split('.')[0], out var column)
            ? $", column {column}"
            : "";

    private void Fault(string fault)
    {
        if (_faults.Count < MostFaults)
            _faults.Add(ShownText.Of(fault));
        else
            _untold++;
    }

    private static string TextOf(string file, bool isInput)
    {
        if (Directory.Exists(file))
            throw new ConfigurationException($"--file {file} is a folder. Name a file.");
        try
        {
            using var stream = isInput ? Console.OpenStandardInput() : File.OpenRead(file);
            using var reader = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return reader.ReadToEnd();
        }
        catch (DecoderFallbackException)
        {
            throw new ConfigurationException($"--file {file} is no text in UTF-8. Save it as UTF-8.");
        }
        catch (Exception mistake) when (mistake is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"--file {file} cannot be read: {mistake.Message}");
        }
    }
}
