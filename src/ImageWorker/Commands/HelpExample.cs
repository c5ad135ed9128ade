using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ImageWorker.Commands;

/// <summary>Ends each command's help with an example.</summary>
public sealed class HelpExample(SynchronousCommandLineAction help) : SynchronousCommandLineAction
{
    /// <summary>By the command's words; one for each.</summary>
    private static readonly Dictionary<string, string> Examples = new(StringComparer.Ordinal)
    {
        [""] = "--Submission:PerSecond=10",
        ["run"] = "run --Submission:PerSecond=10",
        ["try"] = "try \"a red fox in the snow\" --count 3",
        ["send"] = "send \"a red fox in the snow\" --count 3 --max-cost 0.5",
        ["requests"] = "requests list --state waiting",
        ["requests list"] = "requests list --state waiting --tenant shop-7",
        ["requests show"] = "requests show 7c2e69a7",
        ["requests retry"] = "requests retry 7c2e69a7",
        ["requests cancel"] = "requests cancel 7c2e69a7",
        ["costs"] = "costs --since 30d --by tenant,model",
        ["pace"] = "pace show",
        ["pace show"] = "pace show --json",
        ["pace set"] = "pace set 40",
        ["pace auto"] = "pace auto",
        ["pace pause"] = "pace pause --reason \"the account is being checked\"",
        ["pace resume"] = "pace resume",
        ["recover"] = "recover --since 2h",
        ["migrate"] = "migrate --create-database",
        ["healthcheck"] = "healthcheck",
        ["contracts"] = "contracts --output contracts",
        ["queues"] = "queues list",
        ["queues list"] = "queues list --limit 5",
        ["queues redrive"] = "queues redrive generate-images_error",
    };

    /// <summary>The example of a command, without the program's own name.</summary>
    /// <exception cref="KeyNotFoundException">It has none.</exception>
    public static string Of(Command command) => Examples[WordsOf(command)];

    public static void AddTo(RootCommand root)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpExample((SynchronousCommandLineAction)help.Action!);
    }

    /// <summary>Help is given whatever else is missing.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var exit = help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Example:");
        output.WriteLine($"  ImageWorker {Of(parseResult.CommandResult.Command)}");
        return exit;
    }

    private static string WordsOf(Command command) =>
        command is RootCommand ? ""
        : command.Parents.OfType<Command>().First() is var parent and not RootCommand
            ? $"{WordsOf(parent)} {command.Name}"
        : command.Name;
}
