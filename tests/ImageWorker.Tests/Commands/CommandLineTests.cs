using ImageWorker.Commands;

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
