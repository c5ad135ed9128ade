using System.Text.RegularExpressions;
using ImageWorker.Contracts;
using ImageWorker.Hosting;
using Microsoft.Extensions.DependencyInjection;
using static ImageWorker.Tests.Deploy.Monitoring;

namespace ImageWorker.Tests.Deploy;

public sealed partial class MetricNamesTests
{
    [Fact]
    public void Rules_and_panels_name_the_listed_metrics_and_no_others()
    {
        var listed = DeployFiles
            .Read($"{Folder}/metrics.txt")
            .Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#')
            .Order(StringComparer.Ordinal);
        var named = RuleExpressions
            .Concat(PanelExpressions)
            .SelectMany(expression => Metric().Matches(Quoted().Replace(expression, "")))
            .Select(metric => Histogram().Replace(metric.Value, ""))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);

        Assert.Equal(listed, named);
    }

    [Fact]
    public async Task Queues_and_outcomes_are_called_as_the_worker_calls_them()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        var queues = worker.Services.GetRequiredService<Queues>();
        var expressions = string.Join('\n', RuleExpressions.Concat(PanelExpressions));

        foreach (
            var outcomes in Outcomes().Matches(expressions).Select(outcome => outcome.Groups["name"].Value.Split('|'))
        )
            Assert.All(
                outcomes,
                outcome => Assert.True(outcome is "ready" || Enum.IsDefined(typeof(FailureReason), outcome), outcome)
            );
        foreach (
            var pattern in QueuePatterns().Matches(expressions).Select(pattern => $"^{pattern.Groups["name"].Value}$")
        )
        {
            string[] commands = [queues.GenerateImages, queues.CancelImages];
            Assert.Contains(
                commands.Concat(commands.Select(queue => $"{queue}_error")),
                queue => Regex.IsMatch(queue, pattern, RegexOptions.None, TimeSpan.FromSeconds(1))
            );
        }
    }

    [GeneratedRegex(@"\b(imageworker|rabbitmq)_\w+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Metric();

    [GeneratedRegex("\"[^\"]*\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex("_(bucket|count|sum)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Histogram();

    [GeneratedRegex("outcome[!=~]+\"(?<name>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Outcomes();

    [GeneratedRegex("queue=~\"(?<name>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex QueuePatterns();
}
