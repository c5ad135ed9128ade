using System.CommandLine;
using ImageWorker.Commands;
using ImageWorker.Contracts;
using ImageWorker.Hosting;

namespace ImageWorker.Tests.Commands;

public sealed class GenerateArgumentsTests
{
    [Fact]
    public void A_prompt_alone_makes_the_default_command()
    {
        var command = Read("a lighthouse");

        Assert.NotEqual(Guid.Empty, command.RequestId);
        Assert.Equal(
            new GenerateImages
            {
                RequestId = command.RequestId,
                Prompt = "a lighthouse",
                Progress = true,
            },
            command
        );
    }

    [Fact]
    public void Every_argument_is_read()
    {
        var id = Guid.NewGuid();

        string[] arguments =
        [
            "a lighthouse",
            "--count=3",
            "--model=dall-e-3",
            "--quality=hq",
            "--style=natural",
            "--resolution=1792x1024",
            "--unique-guard",
            "--timeout-seconds=60",
            "--priority=high",
            "--tenant=acme",
            "--start-within=30",
            "--max-cost=0.1140",
            $"--request-id={id}",
            "--metadata=order=17",
            "--metadata=formula=a=b",
        ];
        var command = Read(arguments);

        Assert.Equal(
            new GenerateImages
            {
                RequestId = id,
                Prompt = "a lighthouse",
                Count = 3,
                Model = "dall-e-3",
                Quality = "hq",
                Style = "natural",
                Resolution = "1792x1024",
                UniqueGuard = true,
                TimeoutSeconds = 60,
                Priority = "high",
                Tenant = "acme",
                StartWithinSeconds = 30,
                MaxCost = 0.1140m,
                Progress = true,
            },
            command with
            {
                Metadata = null,
            }
        );
        Assert.Equal(("17", "a=b"), (command.Metadata?["order"], command.Metadata?["formula"]));
    }

    [Fact]
    public void Every_broken_rule_is_named()
    {
        var mistake = Assert.Throws<ConfigurationException>(() => Read(" ", "--count=99", "--model=x"));

        Assert.Contains("prompt is required", mistake.Message, StringComparison.Ordinal);
        Assert.Contains("count is 99", mistake.Message, StringComparison.Ordinal);
        Assert.Contains("model is 'x'", mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("order")]
    [InlineData("=17")]
    public void Metadata_without_a_key_or_a_value_is_named(string entry)
    {
        var mistake = Assert.Throws<ConfigurationException>(() => Read("a lighthouse", $"--metadata={entry}"));

        Assert.Contains($"'{entry}'", mistake.Message, StringComparison.Ordinal);
    }

    private static GenerateImages Read(params string[] args)
    {
        var arguments = new GenerateArguments();
        var command = new Command("send");
        arguments.AddTo(command);
        var parsed = command.Parse(args);
        Assert.Empty(parsed.Errors);
        return arguments.Read(parsed);
    }
}
