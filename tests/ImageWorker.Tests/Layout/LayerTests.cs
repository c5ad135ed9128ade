using ImageWorker.Commands;
using ImageWorker.Tests.Deploy;

namespace ImageWorker.Tests.Layout;

/// <summary>The folders of the worker from the top down: each uses only those below it, and none beside it.</summary>
public sealed class LayerTests(ITestOutputHelper output)
{
    private static readonly string[][] Layers =
    [
        ["Commands"],
        ["Operations"],
        ["Engine"],
        ["Submission", "Retention"],
        ["Callbacks"],
        ["Saga"],
        ["Telemetry"],
        ["Storage"],
        ["Requests", "Pacing"],
        ["Hosting"],
    ];

    private static readonly IReadOnlyDictionary<string, SortedDictionary<string, string>> Uses = FolderUses.In(
        typeof(CommandLine).Assembly
    );

    [Fact]
    public void Every_folder_uses_only_what_stands_below_it()
    {
        var breaches =
            from use in Uses
            from other in use.Value
            where DepthOf(other.Key) <= DepthOf(use.Key)
            select $"{use.Key} uses {other.Key}: {other.Value}";

        Assert.Empty(breaches);
    }

    [Fact]
    public void Every_folder_has_its_layer() =>
        Assert.Equal(
            Layers.SelectMany(layer => layer).Order(StringComparer.Ordinal),
            Uses.Keys.Order(StringComparer.Ordinal)
        );

    [Fact]
    public void The_picture_in_the_documents_is_that_of_the_code()
    {
        var picture = Picture();
        output.WriteLine(picture);

        Assert.Contains(picture, File.ReadAllText(DeployFiles.At("docs/design.md")), StringComparison.Ordinal);
    }

    private static int DepthOf(string folder) => Array.FindIndex(Layers, layer => layer.Contains(folder));

    /// <summary>A line a folder, the uppermost first, with all that it uses.</summary>
    private static string Picture() =>
        string.Join('\n', Layers.SelectMany(layer => layer).Select(folder => $"{folder, -10} ▶ {UsedBy(folder)}"));

    private static string UsedBy(string folder) =>
        Uses[folder].Count == 0
            ? "none of these"
            : string.Join(", ", Uses[folder].Keys.OrderBy(DepthOf).ThenBy(used => used, StringComparer.Ordinal));
}
