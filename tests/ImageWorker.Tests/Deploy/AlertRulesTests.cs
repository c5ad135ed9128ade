using System.Text.RegularExpressions;
using static ImageWorker.Tests.Deploy.DeployFiles;
using static ImageWorker.Tests.Deploy.Monitoring;

namespace ImageWorker.Tests.Deploy;

public sealed partial class AlertRulesTests
{
    public static TheoryData<string> Alerts { get; } = [.. Rules.Select(rule => Text(rule["alert"]))];

    [Theory]
    [InlineData("imageworker")]
    [InlineData("compose")]
    public async Task They_can_be_read(string rules) =>
        await PromtoolAsync("check", "rules", At($"{Folder}/{rules}.rules.yml"));

    [Theory]
    [InlineData("imageworker")]
    [InlineData("compose")]
    public async Task Each_alert_fires_when_it_must_and_not_when_it_must_not(string rules) =>
        await PromtoolAsync("test", "rules", At($"{Folder}/{rules}.rules.test.yml"));

    [Fact]
    public async Task The_configuration_of_Prometheus_can_be_read() =>
        await PromtoolAsync("check", "config", "--syntax-only", At($"{Folder}/prometheus.yml"));

    [Theory]
    [MemberData(nameof(Alerts))]
    public void An_alert_is_tested_and_the_runbook_says_what_to_do(string alert)
    {
        var rule = Rules.Single(rule => Text(rule["alert"]) == alert);

        Assert.Matches($@"alertname[=:] ?""?{alert}\b", Read($"{Folder}/imageworker.rules.test.yml"));
        Assert.Contains($"| `{alert}` |", Read("docs/operations.md"), StringComparison.Ordinal);
        Assert.True(Text(rule["labels"]!["severity"]) is "critical" or "warning");
        Assert.NotEmpty(Text(rule["annotations"]!["summary"]));
    }

    [Fact]
    public void The_runbook_knows_no_alert_that_is_not_there() =>
        Assert.Equal(
            Rules.Select(rule => Text(rule["alert"])).Order(StringComparer.Ordinal),
            AlertRow()
                .Matches(Read("docs/operations.md"))
                .Select(row => row.Groups["name"].Value)
                .Order(StringComparer.Ordinal)
        );

    [GeneratedRegex(@"(?m)^\| `(?<name>ImageWorker\w+)` \|", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AlertRow();
}
