using System.Text.Json.Nodes;
using static ImageWorker.Tests.Deploy.DeployFiles;
using static ImageWorker.Tests.Deploy.Monitoring;

namespace ImageWorker.Tests.Deploy;

public sealed class DashboardTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imageworker-panels-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Its_expressions_can_be_read() => await PromtoolAsync("check", "rules", RecordPanels());

    [Fact]
    public void Panels_have_a_place_each_and_ask_the_data_source_that_is_chosen()
    {
        var cells = new HashSet<(int, int)>();
        foreach (var place in Panels.Select(panel => panel["gridPos"]!))
        {
            for (var x = (int)place["x"]!; x < (int)place["x"]! + (int)place["w"]!; x++)
            for (var y = (int)place["y"]!; y < (int)place["y"]! + (int)place["h"]!; y++)
                Assert.True(x < 24 && cells.Add((x, y)), $"{x},{y} is taken twice");
        }

        Assert.Distinct(Panels.Select(panel => (int)panel["id"]!));
        Assert.All(
            Panels.Where(panel => Text(panel["type"]) != "row"),
            panel =>
            {
                Assert.NotEmpty(panel["targets"]!.AsArray());
                Assert.Equal("${datasource}", Text(panel["datasource"]!["uid"]));
            }
        );
        Assert.Equal("datasource", Text(Dashboard["templating"]!["list"]![0]!["name"]));
    }

    [Fact]
    public void Grafana_finds_its_data_sources_and_the_dashboard()
    {
        var services = Yaml("docker-compose.yml")["services"]!.AsObject();
        var sources = Yaml($"{Folder}/grafana/datasources/prometheus.yml")["datasources"]!.AsArray();
        var provider = Yaml($"{Folder}/grafana/dashboards/imageworker.yml")["providers"]![0]!;

        Assert.All(sources, source => Assert.True(services.ContainsKey(new Uri(Text(source!["url"])).Host)));
        Assert.Contains(
            services["grafana"]!["volumes"]!.AsArray(),
            volume =>
                Text(volume)
                    .Contains($":{Text(provider["options"]!["path"])}/imageworker.json", StringComparison.Ordinal)
        );
    }

    /// <summary>The panels' expressions as a file of rules.</summary>
    private string RecordPanels()
    {
        var rules = PanelExpressions.Select(
            (expression, n) => new JsonObject { ["record"] = $"panel:{n}", ["expr"] = expression }
        );
        var file = Path.Combine(_folder.FullName, "panels.json");
        File.WriteAllText(
            file,
            new JsonObject
            {
                ["groups"] = new JsonArray(
                    new JsonObject { ["name"] = "panels", ["rules"] = new JsonArray([.. rules]) }
                ),
            }.ToJsonString()
        );
        return file;
    }
}
