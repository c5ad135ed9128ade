using FsCheck.Xunit;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Requests;

public sealed class CommandRulesTests
{
    private static readonly GenerateImages Good = Command();

    public static TheoryData<string, GenerateImages> Faulty { get; } =
        new()
        {
            { "requestId", Good with { RequestId = Guid.Empty } },
            { "prompt", Good with { Prompt = "" } },
            { "prompt", Good with { Prompt = " \n" } },
            { "prompt", Good with { Prompt = null! } },
            { "prompt", Good with { Prompt = new('x', 4001) } },
            { "prompt", Good with { Prompt = string.Concat(Enumerable.Repeat("🦊", 4001)) } },
            { "prompt", Good with { Prompt = "a\0b" } },
            { "count", Good with { Count = 0 } },
            { "count", Good with { Count = -1 } },
            { "count", Good with { Count = 21 } },
            { "model", Good with { Model = "dall-e-4" } },
            { "model", Good with { Model = null! } },
            { "model", Good with { Model = "ZPK-ultra" } },
            { "quality", Good with { Quality = "best" } },
            { "style", Good with { Style = "" } },
            { "resolution", Good with { Resolution = "1x1" } },
            { "timeoutSeconds", Good with { TimeoutSeconds = 0 } },
            { "timeoutSeconds", Good with { TimeoutSeconds = 86_401 } },
            { "priority", Good with { Priority = "urgent" } },
            { "priority", Good with { Priority = "High" } },
            { "priority", Good with { Priority = null! } },
            { "tenant", Good with { Tenant = "" } },
            { "tenant", Good with { Tenant = "Acme" } },
            { "tenant", Good with { Tenant = "a b" } },
            { "tenant", Good with { Tenant = "café" } },
            { "tenant", Good with { Tenant = "acme\n" } },
            { "tenant", Good with { Tenant = new('x', 65) } },
            { "tenant", Good with { Tenant = "default" } },
            { "startWithinSeconds", Good with { StartWithinSeconds = 0 } },
            { "startWithinSeconds", Good with { StartWithinSeconds = -1 } },
            { "startWithinSeconds", Good with { StartWithinSeconds = 86_401 } },
            { "maxCost", Good with { MaxCost = -0.01m } },
            { "metadata", Good with { Metadata = Metadata("k", new('x', 4096)) } },
            { "metadata", Good with { Metadata = Metadata(new('é', 2048), "x") } },
        };

    public static TheoryData<GenerateImages> AtTheLimit { get; } =
        new()
        {
            Good,
            Good with
            {
                Prompt = new('x', 4000),
            },
            Good with
            {
                Prompt = string.Concat(Enumerable.Repeat("🦊", 4000)),
            },
            Good with
            {
                Count = 1,
            },
            Good with
            {
                Count = 20,
            },
            Good with
            {
                Model = "dall-e-3",
                Quality = "hq",
                Style = "natural",
                Resolution = "1792x1024",
            },
            Good with
            {
                TimeoutSeconds = 1,
            },
            Good with
            {
                TimeoutSeconds = 86_400,
            },
            Good with
            {
                Priority = "high",
                Tenant = "a",
                StartWithinSeconds = 1,
            },
            Good with
            {
                Priority = "low",
                Tenant = "0._-" + new string('z', 60),
                StartWithinSeconds = 86_400,
            },
            Good with
            {
                MaxCost = 0,
            },
            Good with
            {
                Metadata = Metadata("k", new('x', 4095)),
            },
            Good with
            {
                Metadata = Metadata("k", null!),
            },
        };

    [Theory]
    [MemberData(nameof(Faulty))]
    public void A_broken_rule_is_named(string on, GenerateImages command)
    {
        var fault = Assert.Single(CommandRules.FaultsOf(command));

        Assert.Equal(("INVALID_PARAMETER", on), (fault.Id, fault.On));
        Assert.StartsWith(on + " ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(AtTheLimit))]
    public void A_command_at_the_limit_is_good(GenerateImages command) => Assert.Empty(CommandRules.FaultsOf(command));

    [Fact]
    public void All_faults_are_named_at_once()
    {
        var command = new GenerateImages
        {
            Count = 99,
            Model = "m",
            Quality = "q",
            Style = "s",
            Resolution = "r",
            TimeoutSeconds = -1,
            MaxCost = -1,
            Metadata = Metadata("k", new('x', 5000)),
        };

        Assert.Equal(
            [
                "requestId",
                "prompt",
                "count",
                "model",
                "quality",
                "style",
                "resolution",
                "timeoutSeconds",
                "maxCost",
                "metadata",
            ],
            CommandRules.FaultsOf(command).Select(fault => fault.On),
            StringComparer.Ordinal
        );
    }

    [Fact]
    public void A_long_wrong_value_is_shortened() =>
        Assert.InRange(CommandRules.FaultsOf(Good with { Model = new('x', 10_000) })[0].Message.Length, 40, 120);

    [Property]
    public bool No_command_makes_the_rules_throw(string prompt, int count, string model, int seconds, string key) =>
        CommandRules.FaultsOf(
            new GenerateImages
            {
                Prompt = prompt,
                Count = count,
                Model = model,
                TimeoutSeconds = seconds,
                Metadata = Metadata(key ?? "", key!),
            }
        )
            is { Count: > 0 };

    [Fact]
    public void Commands_are_compared_field_by_field()
    {
        Assert.True(Good.AsksTheSameAs(Good with { }));
        Assert.True((Good with { MaxCost = 0.1m }).AsksTheSameAs(Good with { MaxCost = 0.10m }));
        Assert.True(
            Good.AsksTheSameAs(Good with { Metadata = new Dictionary<string, string>(StringComparer.Ordinal) })
        );
        Assert.False(Good.AsksTheSameAs(Good with { Metadata = Metadata("k", "v") }));
        Assert.False(
            (Good with { Metadata = Metadata("a", "v") }).AsksTheSameAs(Good with { Metadata = Metadata("b", "v") })
        );
        Assert.All(
            new[]
            {
                Good with
                {
                    Prompt = "else",
                },
                Good with
                {
                    Count = 3,
                },
                Good with
                {
                    Model = "dall-e-3",
                },
                Good with
                {
                    Quality = "hq",
                },
                Good with
                {
                    Style = "natural",
                },
                Good with
                {
                    Resolution = "1024x1792",
                },
                Good with
                {
                    UniqueGuard = true,
                },
                Good with
                {
                    TimeoutSeconds = 60,
                },
                Good with
                {
                    MaxCost = 1,
                },
                Good with
                {
                    Progress = true,
                },
            },
            other => Assert.False(Good.AsksTheSameAs(other))
        );
    }

    private static Dictionary<string, string> Metadata(string key, string value) =>
        new(StringComparer.Ordinal) { [key] = value };
}
