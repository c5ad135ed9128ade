using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace ImageWorker.Tests.Deploy;

/// <summary>The repository's files that describe how it is run, as they are there.</summary>
internal static class DeployFiles
{
    public static string Root { get; } = FindRoot();

    /// <summary>The full path of a file of the repository.</summary>
    public static string At(string path) => Path.Combine(Root, path);

    public static string Read(string path) => File.ReadAllText(At(path));

    /// <summary>A YAML file of one document, merge keys applied. A key that is there twice is an error.</summary>
    public static JsonNode Yaml(string path) => Assert.Single(YamlDocuments(path));

    public static IReadOnlyList<JsonNode> YamlDocuments(string path)
    {
        var reader = new DeserializerBuilder()
            .WithAttemptingUnquotedStringTypeDeserialization()
            .WithDuplicateKeyChecking()
            .Build();
        var writer = new SerializerBuilder().JsonCompatible().Build();
        var parser = new MergingParser(new Parser(new StringReader(Read(path))));
        parser.Consume<YamlDotNet.Core.Events.StreamStart>();

        var documents = new List<JsonNode>();
        while (parser.Accept<YamlDotNet.Core.Events.DocumentStart>(out _))
            documents.Add(JsonNode.Parse(writer.Serialize(reader.Deserialize<object>(parser)))!);
        return documents;
    }

    /// <summary>The lines <c>KEY=VALUE</c> of a file, comments and empty lines left out.</summary>
    public static Dictionary<string, string> Assignments(string path) =>
        Read(path)
            .Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split('=', 2))
            .ToDictionary(line => line[0], line => line[1], StringComparer.Ordinal);

    public static string Text(JsonNode? node) => node?.ToString() ?? "";

    /// <summary>The entries of a list; none where there is no list.</summary>
    public static IReadOnlyList<string> Texts(JsonNode? node) => [.. (node as JsonArray ?? []).Select(Text)];

    /// <summary>In order, to be compared.</summary>
    public static IEnumerable<string> Sorted(IEnumerable<string> texts) => texts.Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ImageWorker.sln")))
            folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
