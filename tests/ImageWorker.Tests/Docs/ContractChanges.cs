using System.Text.Json.Nodes;

namespace ImageWorker.Tests.Docs;

/// <summary>What in an AsyncAPI document breaks a service that was written for an earlier one.</summary>
internal static class ContractChanges
{
    private const string Schemas = "#/components/schemas/";

    /// <summary>Rules that must stay as they are, since nobody can say which of two is the wider one.</summary>
    private static readonly string[] Fixed = ["pattern", "not", "const", "contains"];

    private static readonly string[] Commands = ["GenerateImages", "CancelImages"];

    /// <summary>A line for each break; none if every publisher and every subscriber of yesterday can go on.</summary>
    public static IReadOnlyList<string> Breaks(JsonNode before, JsonNode after)
    {
        var breaks = new List<string>();
        foreach (var (name, channel) in before["channels"]!.AsObject())
        {
            var now = after["channels"]![name];
            foreach (var part in new[] { "address", "bindings" })
            {
                if (!JsonNode.DeepEquals(channel![part], now?[part]))
                    breaks.Add($"{name}: its {part} is another one");
            }
            foreach (var (message, _) in channel!["messages"]!.AsObject())
            {
                if (now?["messages"]?[message] is null)
                    breaks.Add($"{name}: {message} is gone");
            }
        }
        foreach (var (name, message) in before["components"]!["messages"]!.AsObject())
        {
            var now = after["components"]!["messages"]![name];
            if (now is null)
                continue;
            if (!JsonNode.DeepEquals(message!["contentType"], now["contentType"]))
                breaks.Add($"{name}: its content type is another one");
            var isTaken = Commands.Any(command => name.StartsWith(command, StringComparison.Ordinal));
            Compare(Schema(before, message["payload"]!), Schema(after, now["payload"]!), isTaken, name);
        }
        return breaks;

        void Compare(JsonNode was, JsonNode now, bool isTaken, string path)
        {
            var (wider, narrower) = isTaken ? (now, was) : (was, now);
            if (!Texts(narrower["type"]).IsSubsetOf(Texts(wider["type"])))
                breaks.Add($"{path}: its type is another one");
            if (wider["enum"] is not null && !Texts(narrower["enum"]).IsSubsetOf(Texts(wider["enum"])))
                breaks.Add($"{path}: its values are others");
            if (wider["enum"] is not null && narrower["enum"] is null)
                breaks.Add($"{path}: it has a list of values in one of them alone");
            foreach (var least in new[] { "minimum", "minLength", "minItems" })
                Bound(least, 1);
            foreach (var most in new[] { "maximum", "maxLength", "maxItems", "x-maxUtf8Bytes" })
                Bound(most, -1);
            foreach (var rule in isTaken ? [.. Fixed, "default"] : Fixed)
            {
                if (!JsonNode.DeepEquals(was[rule], now[rule]))
                    breaks.Add($"{path}: its {rule} is another one");
            }
            if (!Texts(wider["required"]).IsSubsetOf(Texts(narrower["required"])))
                breaks.Add(isTaken ? $"{path}: a field became required" : $"{path}: a field can be absent");
            foreach (var (field, schema) in was["properties"] as JsonObject ?? [])
            {
                if (now["properties"]?[field] is { } kept)
                    Compare(Schema(before, schema!), Schema(after, kept), isTaken, $"{path}.{field}");
                else
                    breaks.Add($"{path}.{field}: it is gone");
            }
            foreach (var part in new[] { "items", "additionalProperties" })
            {
                if (was[part] is { } inner && now[part] is { } innerNow)
                    Compare(Schema(before, inner), Schema(after, innerNow), isTaken, $"{path}[]");
            }

            // A least bound may fall for what is taken, and rise for what is sent; a most bound the other way round.
            void Bound(string rule, int sign)
            {
                var (loose, tight) = (wider[rule]?.GetValue<decimal>(), narrower[rule]?.GetValue<decimal>());
                if (loose is not null && (tight is null || sign * loose > sign * tight))
                    breaks.Add($"{path}: its {rule} is another one");
            }
        }
    }

    private static JsonNode Schema(JsonNode document, JsonNode schema) =>
        schema["$ref"]?.GetValue<string>() is { } name
            ? document["components"]!["schemas"]![name[Schemas.Length..]]!
            : schema;

    private static HashSet<string> Texts(JsonNode? node) =>
        node switch
        {
            null => [],
            JsonArray items => items.Select(item => item?.ToJsonString() ?? "null").ToHashSet(StringComparer.Ordinal),
            _ => [node.ToJsonString()],
        };
}
