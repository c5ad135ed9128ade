using System.CommandLine;
using ImageWorker.Commands;
using ImageWorker.Tests.Deploy;

namespace ImageWorker.Tests.Commands;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--bogus", "requests", "list", "--bogus")]
    [InlineData("extra", "requests", "show", "7c2e69a7-33b5-4c4d-aae5-b19acb00ab8f", "extra")]
    [InlineData("frob", "requests", "frob")]
    [InlineData("--limits", "queues", "list", "--limits", "3")]
    [InlineData("extra", "healthcheck", "extra")]
    [InlineData("--maxcost", "send", "a fox", "--maxcost", "3")]
    [InlineData("--cout", "try", "a fox", "--cout", "3")]
    [InlineData("frob", "frob")]
    [InlineData("--Requets:MaxResends=5", "run", "--Requets:MaxResends=5")]
    public async Task What_no_command_takes_is_named_and_nothing_is_done(string mistake, params string[] args)
    {
        var (exit, error) = await RunAsync(args);

        Assert.Equal(2, exit);
        Assert.StartsWith($"ImageWorker: '{mistake}' is no ", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("--count", "try", "a fox", "--cout", "3")]
    [InlineData("--max-cost", "send", "a fox", "--maxcost=3")]
    [InlineData("list", "requests", "lst")]
    [InlineData("requests", "reqests", "list")]
    [InlineData("--Requests:MaxResends", "run", "--Requets:MaxResends=5")]
    [InlineData(null, "requests", "frob")]
    public async Task What_is_likely_meant_is_told(string? meant, params string[] args)
    {
        var (_, error) = await RunAsync(args);

        Assert.EndsWith(
            meant is null
                ? $"is no command, option or argument of 'requests'. See --help."
                : $" {meant} is likely meant. See --help.",
            error.TrimEnd(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_help_of_every_command_ends_with_an_example_of_it() =>
        Assert.All(
            Commands(CommandLine.Root()),
            command =>
            {
                using var output = new StringWriter();
                var words = WordsOf(command);
                var help = CommandLine.Root().Parse([.. words, "--help"]);
                Assert.Empty(help.Errors);
                help.Invoke(new() { Output = output });

                var example = output.ToString().TrimEnd().Split("\n")[^1].Trim();
                Assert.Equal($"ImageWorker {HelpExample.Of(command)}", example);
                Assert.StartsWith(string.Join(' ', words), HelpExample.Of(command), StringComparison.Ordinal);
                var parsed = CommandLine.Root().Parse(HelpExample.Of(command));
                Assert.Empty(parsed.Errors);
                Assert.True(
                    parsed.UnmatchedTokens.All(token => token.StartsWith("--Submission:", StringComparison.Ordinal))
                );
            }
        );

    [Theory]
    [InlineData("--count must be a whole number, not 'two'", "try", "a fox", "--count", "two")]
    [InlineData("--max-cost must be a number such as 0.5, not '1,x'", "send", "a fox", "--max-cost", "1,x")]
    [InlineData("--request-id must be a UUID such as ", "send", "a fox", "--request-id", "7")]
    [InlineData("--limit must be a whole number, not '1.5'", "queues", "list", "--limit", "1.5")]
    [InlineData("calls-per-second must be a number such as 0.5, not 'fast'", "pace", "set", "fast")]
    [InlineData("--max-cost must be a number such as 0.5, not '0,5'", "send", "a fox", "--max-cost", "0,5")]
    [InlineData("--min-cost must be a number such as 0.5, not '0,05'", "requests", "list", "--min-cost", "0,05")]
    [InlineData("calls-per-second must be a number such as 0.5, not '1,5'", "pace", "set", "1,5")]
    [InlineData(
        "--tenant is 'Shop', 1 to 64 lower-case letters, digits, '.', '_' and '-' are allowed",
        "requests",
        "list",
        "--tenant",
        "Shop"
    )]
    [InlineData("--model must be one of zpk-ultra, dall-e-3, not 'dalle'", "requests", "list", "--model", "dalle")]
    public async Task A_value_that_cannot_be_is_told_in_words(string mistake, params string[] args)
    {
        var (exit, error) = await RunAsync(args);

        Assert.Equal(2, exit);
        Assert.StartsWith($"ImageWorker: {mistake}", error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_command_is_on_the_page_of_commands()
    {
        var page = File.ReadAllText(DeployFiles.At("docs/commands.md"));

        Assert.All(Names(CommandLine.Root(), ""), name => Assert.Contains($"`{name}", page, StringComparison.Ordinal));
    }

    private static IEnumerable<Command> Commands(Command command) =>
        command.Subcommands.SelectMany(Commands).Prepend(command);

    private static string[] WordsOf(Command command) =>
        command is RootCommand ? [] : [.. WordsOf(command.Parents.OfType<Command>().Single()), command.Name];

    private static IEnumerable<string> Names(Command command, string path) =>
        command.Subcommands.SelectMany(inner =>
            inner.Subcommands.Count == 0 ? [$"{path}{inner.Name}"] : Names(inner, $"{path}{inner.Name} ")
        );

    private static async Task<(int Exit, string Error)> RunAsync(string[] args)
    {
        var before = Console.Error;
        await using var error = new StringWriter();
        Console.SetError(error);
        try
        {
            return (await CommandLine.RunAsync(args), error.ToString());
        }
        finally
        {
            Console.SetError(before);
        }
    }
}
