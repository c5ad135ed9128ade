using System.CommandLine;
using ImageWorker.Contracts;
using ImageWorker.Hosting;

namespace ImageWorker.Commands.Batches;

/// <summary>What <c>send --file</c> is to do.</summary>
/// <param name="File">A path, or <see cref="StandardInput"/>.</param>
/// <param name="Row">What the rows are that do not say otherwise.</param>
/// <param name="Name">Another one makes other requests of the same rows.</param>
/// <param name="MaxCost">EUR for all rows; null for no budget.</param>
/// <param name="Pictures">Where they are saved; null for nowhere.</param>
/// <param name="Results">The result file.</param>
/// <param name="IsDryRun">True to say what it would cost, and send nothing.</param>
public sealed record BatchPlan(
    string File,
    GenerateImages Row,
    string Name,
    decimal? MaxCost,
    DirectoryInfo? Pictures,
    FileInfo Results,
    bool IsDryRun
)
{
    public const string StandardInput = "-";
}

/// <summary>The options of <c>send</c> that are for a file.</summary>
internal sealed class BatchArguments
{
    private readonly Option<string?> _file = new("--file")
    {
        Description =
            "Send the rows of a CSV or JSONL file, '-' for standard input. The other options are for rows that do not say otherwise, but --max-cost, which is for all of them.",
    };

    private readonly Option<DirectoryInfo?> _out = new("--out")
    {
        Description = "With --file: save the pictures in this folder, named by their rows.",
    };

    private readonly Option<FileInfo?> _result = new("--result")
    {
        Description = "With --file: where the results go, .csv or .jsonl; beside the file by default.",
    };

    private readonly Option<string> _batch = new("--batch")
    {
        Description = "With --file: a name that makes other requests of the same rows, which are paid again.",
        DefaultValueFactory = _ => "",
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "With --file: check the rows, print what they may cost, and send nothing.",
    };

    private Option[] All => [_file, _out, _result, _batch, _dryRun];

    public void AddTo(Command command)
    {
        foreach (var option in All)
            command.Add(option);
    }

    /// <summary>What is to be done with a file; null if none is named.</summary>
    /// <exception cref="ConfigurationException">The arguments do not go together.</exception>
    public BatchPlan? Read(ParseResult parsed, GenerateArguments arguments)
    {
        if (parsed.GetValue(_file) is "")
            throw new ConfigurationException("--file is empty. Name a file.");
        if (parsed.GetValue(_file) is not { } file)
            return All.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } lonely
                ? throw new ConfigurationException($"{lonely.Name} needs --file FILE")
                : null;

        var (row, maxCost) = arguments.ReadForRows(parsed);
        var results = parsed.GetValue(_result) ?? Beside(file);
        if (results.Extension.ToLowerInvariant() is not (".csv" or ".jsonl"))
            throw new ConfigurationException($"--result {results} must end in .csv or .jsonl");
        return new(
            file,
            row,
            parsed.GetValue(_batch)!,
            maxCost,
            parsed.GetValue(_out),
            results,
            parsed.GetValue(_dryRun)
        );
    }

    private static FileInfo Beside(string file)
    {
        if (file == BatchPlan.StandardInput)
            return new("batch.results.jsonl");
        var ending = BatchFile.IsCsv(file) ? ".csv" : ".jsonl";
        return new(
            Path.Combine(Path.GetDirectoryName(file) ?? "", $"{Path.GetFileNameWithoutExtension(file)}.results{ending}")
        );
    }
}
