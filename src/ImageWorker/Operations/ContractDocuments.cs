using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ImageWorker.Hosting;

namespace ImageWorker.Operations;

/// <summary>
/// The messages as documents: AsyncAPI 3, and a JSON Schema of each. Source: <c>docs/contracts/asyncapi.json</c>, which is
/// built in.
/// </summary>
public sealed class ContractDocuments(Queues queues)
{
    private const string Components = "#/components/schemas/";
    private const string Definitions = "#/definitions/";

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The messages that have a schema.</summary>
    public static IReadOnlyList<string> Messages { get; } =
    ["GenerateImages", "CancelImages", "ImagesReady", "ImagesFailed", "ImageGenerated"];

    private static readonly Lazy<JsonObject> Source = new(ReadSource);

    private static readonly Lazy<Dictionary<string, string>> Schemas = new(() =>
        Messages.ToDictionary(message => message, SchemaOf, StringComparer.Ordinal)
    );

    private readonly Lazy<string> _asyncApi = new(() => AsyncApiFor(queues));

    /// <summary>The AsyncAPI document, with the names of this worker's queues and their exchanges.</summary>
    public string AsyncApi() => _asyncApi.Value;

    /// <summary>The JSON Schema (draft 7) of a message; null if there is none of that name.</summary>
    /// <param name="message">One of <see cref="Messages"/>.</param>
    public static string? Schema(string message) => Schemas.Value.GetValueOrDefault(message);

    private static string AsyncApiFor(Queues queues)
    {
        var document = Source.Value.DeepClone().AsObject();
        var channels = document["channels"]!;
        foreach (
            var (channel, queue) in new[]
            {
                ("generateImages", queues.GenerateImages),
                ("cancelImages", queues.CancelImages),
            }
        )
        {
            Rename(channels[channel]!, "exchange", queue);
            Rename(channels[$"{channel}Queue"]!, "queue", queue);
        }
        return document.ToJsonString(Readable) + "\n";
    }

    private static string SchemaOf(string message)
    {
        var schemas = Source.Value["components"]!["schemas"]!.AsObject();
        var schema = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["$id"] = $"urn:imageworker:{message}",
            ["title"] = message,
        };
        foreach (var (name, value) in schemas[message]!.AsObject())
            schema[name] = value!.DeepClone();
        var used = new JsonObject();
        AddUsed(schema, schemas, used);
        if (used.Count > 0)
            schema["definitions"] = used;
        return schema.ToJsonString(Readable).Replace(Components, Definitions, StringComparison.Ordinal) + "\n";
    }

    private static JsonObject ReadSource()
    {
        using var file = typeof(ContractDocuments).Assembly.GetManifestResourceStream("asyncapi.json")!;
        return JsonNode.Parse(file)!.AsObject();
    }

    private static void Rename(JsonNode channel, string kind, string name)
    {
        channel["address"] = name;
        channel["bindings"]!["amqp"]![kind]!["name"] = name;
    }

    private static void AddUsed(JsonNode? node, JsonObject schemas, JsonObject used)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields.ToList())
                {
                    if (
                        name == "$ref"
                        && value!.GetValue<string>()[Components.Length..] is var other
                        && !used.ContainsKey(other)
                    )
                    {
                        used[other] = schemas[other]!.DeepClone();
                        AddUsed(used[other], schemas, used);
                    }
                    AddUsed(value, schemas, used);
                }
                break;
            case JsonArray items:
                foreach (var item in items)
                    AddUsed(item, schemas, used);
                break;
        }
    }
}
