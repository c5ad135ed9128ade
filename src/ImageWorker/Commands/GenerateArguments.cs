using System.CommandLine;
using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.Requests;

namespace ImageWorker.Commands;

/// <summary>The arguments that make a <see cref="GenerateImages"/>, the same for <c>try</c> and <c>send</c>.</summary>
public sealed class GenerateArguments
{
    private readonly Argument<string> _prompt = new("prompt") { Description = "What the images show." };
    private readonly Option<int> _count = Optional("--count", 1, "How many images, 1 to 20.");
    private readonly Option<string> _model = Optional("--model", "zpk-ultra", "zpk-ultra or dall-e-3.");
    private readonly Option<string> _quality = Optional("--quality", "standard", "standard or hq.");
    private readonly Option<string> _style = Optional("--style", "vivid", "vivid or natural.");
    private readonly Option<string> _resolution = Optional(
        "--resolution",
        "1024x1024",
        "1024x1024, 1024x1792 or 1792x1024."
    );
    private readonly Option<bool> _uniqueGuard = Optional("--unique-guard", false, "Ask for ZPK's uniqueness guard.");
    private readonly Option<int> _timeout = Optional("--timeout-seconds", 1800, "Deadline of the whole request.");
    private readonly Option<string> _priority = Optional("--priority", "normal", "high, normal or low.");
    private readonly Option<string?> _tenant = Optional<string?>("--tenant", null, "Whom the request is for.");
    private readonly Option<int?> _startWithin = Optional<int?>(
        "--start-within",
        null,
        "Close it after so many seconds if its turn has not come."
    );
    private readonly Option<decimal?> _maxCost = Optional<decimal?>("--max-cost", null, "Budget in EUR.");
    private readonly Option<Guid?> _requestId = Optional<Guid?>(
        "--request-id",
        null,
        "The idempotency key; a new one by default."
    );
    private readonly Option<string[]> _metadata = new("--metadata")
    {
        Description = "key=value, echoed on every event; repeatable.",
    };

    public static Option<bool> JsonOption() =>
        new("--json") { Description = "Print the closing event as JSON on a terminal too." };

    public void AddTo(Command command)
    {
        command.Add(_prompt);
        foreach (
            var option in new Option[]
            {
                _count,
                _model,
                _quality,
                _style,
                _resolution,
                _uniqueGuard,
                _timeout,
                _priority,
                _tenant,
                _startWithin,
                _maxCost,
                _requestId,
                _metadata,
            }
        )
            command.Add(option);
    }

    /// <summary>For a command whose prompts can come from elsewhere. <see cref="Read"/> asks for it all the same.</summary>
    public void MakePromptOptional() => _prompt.Arity = ArgumentArity.ZeroOrOne;

    /// <summary>The command that the arguments make.</summary>
    /// <exception cref="ConfigurationException">The arguments break a rule; every fault is named.</exception>
    public GenerateImages Read(ParseResult parsed) =>
        Checked(
            Given(parsed) with
            {
                RequestId = parsed.GetValue(_requestId) ?? Guid.NewGuid(),
                MaxCost = parsed.GetValue(_maxCost),
                Progress = true,
            }
        );

    /// <summary>What the rows of a file are that do not say otherwise, and the budget of all of them in EUR.</summary>
    /// <exception cref="ConfigurationException">The arguments break a rule, or are for a single request.</exception>
    public (GenerateImages Row, decimal? MaxCost) ReadForRows(ParseResult parsed)
    {
        if (parsed.GetValue(_prompt) is not null)
            throw new ConfigurationException("send takes a prompt or --file, not both");
        if (parsed.GetValue(_requestId) is not null)
            throw new ConfigurationException(
                "--request-id is for one request; the rows of a --file have ids of their own"
            );
        var maxCost = parsed.GetValue(_maxCost);
        var row = Given(parsed);
        Checked(row with { RequestId = Guid.NewGuid(), Prompt = "any", MaxCost = maxCost });
        return (row, maxCost);
    }

    private GenerateImages Given(ParseResult parsed) =>
        new()
        {
            Prompt = parsed.GetValue(_prompt) ?? "",
            Count = parsed.GetValue(_count),
            Model = parsed.GetValue(_model)!,
            Quality = parsed.GetValue(_quality)!,
            Style = parsed.GetValue(_style)!,
            Resolution = parsed.GetValue(_resolution)!,
            UniqueGuard = parsed.GetValue(_uniqueGuard),
            TimeoutSeconds = parsed.GetValue(_timeout),
            Priority = parsed.GetValue(_priority)!,
            Tenant = parsed.GetValue(_tenant),
            StartWithinSeconds = parsed.GetValue(_startWithin),
            Metadata = Pairs(parsed.GetValue(_metadata)),
        };

    private static GenerateImages Checked(GenerateImages command)
    {
        var faults = CommandRules.FaultsOf(command);
        return faults.Count == 0
            ? command
            : throw new ConfigurationException(string.Join("; ", faults.Select(fault => fault.Message)));
    }

    private static Dictionary<string, string>? Pairs(string[]? entries)
    {
        if (entries is not { Length: > 0 })
            return null;

        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (entry.Split('=', 2) is not [{ Length: > 0 } key, var value])
                throw new ConfigurationException($"--metadata takes key=value, not '{entry}'");
            pairs[key] = value;
        }
        return pairs;
    }

    private static Option<T> Optional<T>(string name, T value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}
