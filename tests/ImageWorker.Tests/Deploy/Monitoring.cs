using System.Diagnostics;
using System.Text.Json.Nodes;
using static ImageWorker.Tests.Deploy.DeployFiles;

namespace ImageWorker.Tests.Deploy;

/// <summary>The alert rules and the dashboard, and the tool that reads them as Prometheus does.</summary>
internal static class Monitoring
{
    public const string Folder = "deploy/monitoring";

    public static readonly IReadOnlyList<JsonNode> Rules =
    [
        .. Yaml($"{Folder}/imageworker.rules.yml")["groups"]!
            .AsArray()
            .SelectMany(group => group!["rules"]!.AsArray())
            .Select(rule => rule!),
    ];

    public static readonly JsonNode Dashboard = JsonNode.Parse(Read($"{Folder}/dashboard.json"))!;

    public static readonly IReadOnlyList<JsonNode> Panels = [.. Dashboard["panels"]!.AsArray().Select(panel => panel!)];

    public static IEnumerable<string> RuleExpressions => Rules.Select(rule => Text(rule["expr"]));

    public static IEnumerable<string> PanelExpressions =>
        Panels
            .SelectMany(panel => panel["targets"]?.AsArray() ?? [])
            .Select(target => Text(target!["expr"]).Replace("$__rate_interval", "5m", StringComparison.Ordinal));

    public static async Task PromtoolAsync(params string[] arguments)
    {
        Assert.SkipUnless(IsInstalled("promtool"), "promtool is not installed; tests/run.sh installs it on Debian.");
        var start = new ProcessStartInfo("promtool", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var promtool = Process.Start(start)!;
        var said = promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(promtool.ExitCode == 0, $"{await said}\n{errors}");
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}
