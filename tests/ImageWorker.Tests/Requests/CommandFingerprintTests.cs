using ImageWorker.Contracts;
using ImageWorker.Requests;

namespace ImageWorker.Tests.Requests;

public sealed class CommandFingerprintTests
{
    private static readonly GenerateImages Least = new()
    {
        RequestId = new("7c2e69a7-33b5-4c4d-aae5-b19acb00ab8f"),
        Prompt = "a red fox in the snow",
    };

    /// <summary>Version 1.0 made these, and waits for events that carry them.</summary>
    [Fact]
    public void A_command_without_the_fields_that_came_later_has_the_fingerprint_of_earlier_versions()
    {
        var full = Least with
        {
            Count = 3,
            Model = "dall-e-3",
            Quality = "hq",
            Style = "natural",
            Resolution = "1024x1792",
            UniqueGuard = true,
            TimeoutSeconds = 60,
            MaxCost = 0.50m,
            Progress = true,
            Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["order"] = "17", ["a"] = "é" },
        };

        Assert.Equal("fef7eb20-cd93-8bb6-567b-99cd82ebfa13", CommandFingerprint.Of(Least));
        Assert.Equal("d3d1736e-ee24-97b3-d905-da8f10043ce3", CommandFingerprint.Of(full));
    }

    [Fact]
    public void Commands_that_differ_in_priority_alone_are_the_same() =>
        Assert.True(Least.AsksTheSameAs(Least with { Priority = "high" }));

    [Fact]
    public void Tenant_and_start_tell_commands_apart()
    {
        Assert.False(Least.AsksTheSameAs(Least with { Tenant = "acme" }));
        Assert.False((Least with { Tenant = "other" }).AsksTheSameAs(Least with { Tenant = "acme" }));
        Assert.False(Least.AsksTheSameAs(Least with { StartWithinSeconds = 30 }));
    }
}
