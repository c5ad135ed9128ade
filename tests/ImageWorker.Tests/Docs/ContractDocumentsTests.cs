extern alias JsonSchemas;

using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ImageWorker.Contracts;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Operations;
using ImageWorker.Requests;
using ImageWorker.Tests.Deploy;
using JsonSchemas::Json.Schema;
using Microsoft.Extensions.Options;

namespace ImageWorker.Tests.Docs;

/// <summary>What the documents say of the messages is what they are.</summary>
public sealed class ContractDocumentsTests
{
    private const string Folder = "docs/contracts";

    private static readonly string AsyncApi = new ContractDocuments(new(Options.Create(new QueueOptions()))).AsyncApi();

    private static readonly JsonNode Document = JsonNode.Parse(AsyncApi)!;

    private static readonly JsonSchema Command = JsonSchema.FromText(ContractDocuments.Schema(nameof(GenerateImages))!);

    private static readonly EvaluationOptions Formats = new() { RequireFormatValidation = true };

    /// <summary>Values at and beside the bounds of every rule, each in its field's own JSON type.</summary>
    private static readonly Dictionary<string, string[]> Values = new(StringComparer.Ordinal)
    {
        ["requestId"] =
        [
            "\"7c2e69a7-33b5-4c4d-aae5-b19acb00ab8f\"",
            "\"00000000-0000-0000-0000-000000000000\"",
            "\"7c2e69a7\"",
            "null",
        ],
        ["prompt"] =
        [
            "\"a fox\"",
            "\"a\\nfox \"",
            "\"\"",
            "\" \\u00a0\\u2003\\u0085\\t\"",
            "\"a\\u0000fox\"",
            $"\"{new string('x', CommandRules.MaxPromptLength)}\"",
            $"\"{new string('x', CommandRules.MaxPromptLength + 1)}\"",
            $"\"{string.Concat(Enumerable.Repeat("🦊", CommandRules.MaxPromptLength))}\"",
            "null",
        ],
        ["count"] = ["1", "20", "0", "21", "-1", "2.0", "1.5", "null"],
        ["model"] = ["\"zpk-ultra\"", "\"dall-e-3\"", "\"DALL-E-3\"", "\"\"", "null"],
        ["quality"] = ["\"standard\"", "\"hq\"", "\"hd\"", "null"],
        ["style"] = ["\"vivid\"", "\"natural\"", "\"none\"", "null"],
        ["resolution"] = ["\"1024x1024\"", "\"1024x1792\"", "\"1792x1024\"", "\"512x512\"", "null"],
        ["uniqueGuard"] = ["true", "false", "null"],
        ["timeoutSeconds"] = ["1", "86400", "0", "86401", "null"],
        ["priority"] = ["\"high\"", "\"normal\"", "\"low\"", "\"urgent\"", "null"],
        ["tenant"] =
        [
            "\"shop-7\"",
            "\"a\"",
            $"\"{new string('a', CommandRules.MaxTenantLength)}\"",
            $"\"{new string('a', CommandRules.MaxTenantLength + 1)}\"",
            "\"default\"",
            "\"defaults\"",
            "\"Shop\"",
            "\"\"",
            "\"ü\"",
            "null",
        ],
        ["startWithinSeconds"] = ["1", "86400", "0", "86401", "null"],
        ["maxCost"] = ["0", "0.0000001", "-0.01", "79228162514264337593543950335", "null"],
        ["progress"] = ["true", "false", "null"],
        ["metadata"] = ["{}", "{\"order\":\"4711\"}", "{\"order\":{}}", "{\"order\":[\"1\"]}", "[1]", "null"],
    };

    [Fact]
    public void The_files_are_what_the_worker_serves()
    {
        Assert.Equal(DeployFiles.Read($"{Folder}/asyncapi.json"), AsyncApi);
        Assert.All(
            ContractDocuments.Messages,
            message =>
                Assert.Equal(DeployFiles.Read($"{Folder}/{message}.schema.json"), ContractDocuments.Schema(message))
        );
    }

    [Theory]
    [InlineData(typeof(GenerateImages))]
    [InlineData(typeof(CancelImages))]
    [InlineData(typeof(ImagesReady))]
    [InlineData(typeof(ImagesFailed))]
    [InlineData(typeof(ImageGenerated))]
    [InlineData(typeof(ImageResult))]
    [InlineData(typeof(RequestCost))]
    [InlineData(typeof(SubmissionCost))]
    [InlineData(typeof(RequestError))]
    [InlineData(typeof(RequestWarning))]
    public void Each_schema_has_the_fields_of_its_type_and_their_types(Type type)
    {
        var schema = Document["components"]!["schemas"]![type.Name]!;

        var fields = schema["properties"]!.AsObject().ToDictionary(StringComparer.Ordinal);
        Assert.Equal(type.GetProperties().Select(NameOf), fields.Keys, StringComparer.Ordinal);
        Assert.All(type.GetProperties(), property => IsOf(property, fields[NameOf(property)]!));
    }

    [Fact]
    public void What_an_event_always_has_is_required() =>
        Assert.All(
            new[] { typeof(ImagesReady), typeof(ImagesFailed), typeof(ImageGenerated), typeof(RequestCost) },
            type =>
                Assert.All(
                    type.GetProperties()
                        .Where(property => property.GetCustomAttribute<RequiredMemberAttribute>() is not null),
                    property =>
                        Assert.Contains(
                            NameOf(property),
                            Document["components"]!["schemas"]![type.Name]!["required"]!
                                .AsArray()
                                .Select(name => name!.GetValue<string>()),
                            StringComparer.Ordinal
                        )
                )
        );

    [Fact]
    public void Each_field_of_the_command_has_its_default()
    {
        var command = JsonSerializer.SerializeToNode(new GenerateImages(), JsonSerializerOptions.Web)!.AsObject();
        var fields = Document["components"]!["schemas"]![nameof(GenerateImages)]!["properties"]!;

        Assert.All(
            command.Where(field => field.Key is not ("requestId" or "prompt")),
            field =>
            {
                Assert.True(fields[field.Key]!.AsObject().ContainsKey("default"), field.Key);
                Assert.True(JsonNode.DeepEquals(field.Value, fields[field.Key]!["default"]), field.Key);
            }
        );
    }

    [Fact]
    public void Each_exchange_and_queue_is_named()
    {
        var addresses = Document["channels"]!
            .AsObject()
            // An answer's queue is the one that the command names.
            .Select(channel => channel.Value!["address"]?.GetValue<string>())
            .OfType<string>();

        Assert.Equal(
            new Queues(Options.Create(new QueueOptions()))
                .All.Concat(BrokerTopology.EventExchanges)
                .Order(StringComparer.Ordinal),
            addresses.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
    }

    [Fact]
    public void A_prefix_stands_before_the_names_of_commands_alone()
    {
        var queues = new Queues(Options.Create(new QueueOptions { Prefix = "staging." }));
        var channels = JsonNode.Parse(new ContractDocuments(queues).AsyncApi())!["channels"]!;

        Assert.Equal("staging.generate-images", channels["generateImages"]!["address"]!.GetValue<string>());
        Assert.Equal(
            "staging.cancel-images",
            channels["cancelImagesQueue"]!["bindings"]!["amqp"]!["queue"]!["name"]!.GetValue<string>()
        );
        Assert.Equal("ImageWorker.Contracts:ImagesReady", channels["imagesReady"]!["address"]!.GetValue<string>());
    }

    [Fact]
    public void Each_example_is_good()
    {
        var messages = Document["components"]!["messages"]!.AsObject();

        var examples = ContractDocuments.Messages.SelectMany(message =>
            messages[message]!["examples"]!.AsArray().Select(example => (message, Payload: example!["payload"]!))
        );
        Assert.All(
            examples,
            example =>
            {
                var schema = JsonSchema.FromText(ContractDocuments.Schema(example.message)!);
                var isEvent = example.Payload["message"] is not null;
                Assert.True(
                    schema.Evaluate(isEvent ? example.Payload["message"] : example.Payload, Formats).IsValid,
                    example.Payload.ToJsonString()
                );
            }
        );
    }

    [Property(MaxTest = 2000)]
    public Property What_the_schema_accepts_the_worker_accepts_and_nothing_else()
    {
        var optional = Values.Keys.Where(name => name is not ("requestId" or "prompt")).ToArray();
        var commands =
            from names in Gen.SubListOf(optional)
            from fields in Gen.CollectToList(names.Concat(["requestId", "prompt"]), Field)
            select $"{{{string.Join(",", fields.Where(field => field.Length > 0))}}}";
        return Prop.ForAll(commands.ToArbitrary(), Agree);
    }

    [Fact]
    public void They_agree_on_each_value_of_each_field() =>
        Assert.All(
            Values.SelectMany(field => field.Value.Select(value => (field.Key, value))),
            field =>
            {
                var others = Values
                    .Where(other => other.Key is "requestId" or "prompt" && other.Key != field.Key)
                    .Select(other => $"\"{other.Key}\":{other.Value[0]}");
                Assert.True(Agree($"{{{string.Join(",", others.Append($"\"{field.Key}\":{field.value}"))}}}"));
            }
        );

    [Fact]
    public void No_publisher_or_subscriber_of_the_last_release_is_broken() =>
        Assert.Empty(
            ContractChanges.Breaks(JsonNode.Parse(DeployFiles.Read($"{Folder}/accepted/asyncapi.json"))!, Document)
        );

    [Theory]
    [InlineData("components/schemas/GenerateImages/required/2", "\"tenant\"")]
    [InlineData("components/schemas/GenerateImages/properties/count/maximum", "10")]
    [InlineData("components/schemas/GenerateImages/properties/count/type", "\"integer\"")]
    [InlineData("components/schemas/GenerateImages/properties/count/default", "2")]
    [InlineData("components/schemas/GenerateImages/properties/model/enum", "[\"dall-e-3\", null]")]
    [InlineData("components/schemas/GenerateImages/properties/prompt/minLength", "3")]
    [InlineData("components/schemas/GenerateImages/properties/tenant", null)]
    [InlineData("components/schemas/ImagesReady/properties/closedAt", null)]
    [InlineData("components/schemas/ImagesReady/required", "[\"requestId\"]")]
    [InlineData("components/schemas/ImageResult/properties/status/enum", "[\"generated\", \"failed\", \"lost\"]")]
    [InlineData("components/schemas/ImageResult/properties/attempts/type", "[\"integer\", \"null\"]")]
    [InlineData("channels/imagesReady/address", "\"images-ready\"")]
    [InlineData("channels/generateImages/bindings/amqp/exchange/type", "\"topic\"")]
    [InlineData("channels/generateImages/messages/GenerateImages", null)]
    [InlineData("components/messages/ImagesReady/contentType", "\"application/json\"")]
    public void What_breaks_one_of_them_is_found(string path, string? value)
    {
        // One line for each place where it is used.
        Assert.NotEmpty(ContractChanges.Breaks(Document, With(path, value)));
    }

    [Theory]
    [InlineData("components/schemas/GenerateImages/properties/seed", "{ \"type\": [\"integer\", \"null\"] }")]
    [InlineData("components/schemas/GenerateImages/properties/count/maximum", "50")]
    [InlineData("components/schemas/GenerateImages/properties/model/enum/3", "\"zpk-next\"")]
    [InlineData("components/schemas/ImagesReady/properties/seed", "{ \"type\": \"integer\" }")]
    [InlineData("components/schemas/ImagesReady/required/6", "\"tenant\"")]
    [InlineData("components/schemas/GenerateImages/description", "\"Starts a request.\"")]
    public void What_breaks_nobody_may_change(string path, string value) =>
        Assert.Empty(ContractChanges.Breaks(Document, With(path, value)));

    private static Gen<string> Field(string name) =>
        from value in Gen.Frequency(
            (12, Gen.Constant(Values[name][0])),
            (4, Gen.Elements(Values[name])),
            (1, Gen.Constant(""))
        )
        select value.Length == 0 ? "" : $"\"{name}\":{value}";

    private static bool Agree(string json)
    {
        var fields = JsonSerializer.Deserialize<JsonElement>(json).EnumerateObject();
        var read = CommandRead.Of<GenerateImages>(fields.Select(field => new JsonField(field.Name, field.Value)));
        var isTaken = read.Faults.Count == 0 && CommandRules.FaultsOf(read.Command).Count == 0;
        var isValid = Command.Evaluate(JsonNode.Parse(json), Formats).IsValid;
        Assert.True(
            isTaken == isValid,
            $"The worker: {isTaken}, the schema: {isValid}, of {json[..Math.Min(300, json.Length)]}"
        );
        return true;
    }

    private static JsonNode With(string path, string? value)
    {
        var document = Document.DeepClone();
        var steps = path.Split('/');
        var parent = steps[..^1].Aggregate(document, (node, step) => node[step]!);
        if (parent is JsonArray items)
            items.Insert(
                int.Parse(steps[^1], System.Globalization.CultureInfo.InvariantCulture),
                JsonNode.Parse(value!)
            );
        else if (value is null)
            parent.AsObject().Remove(steps[^1]);
        else
            parent[steps[^1]] = JsonNode.Parse(value);
        return document;
    }

    private static string NameOf(PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private static void IsOf(PropertyInfo property, JsonNode schema)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (schema["$ref"]?.GetValue<string>() is { } other)
        {
            Assert.EndsWith($"/{type.Name}", other, StringComparison.Ordinal);
            return;
        }
        var types = schema["type"] is JsonArray several
            ? several.Select(name => name!.GetValue<string>()).ToList()
            : [schema["type"]!.GetValue<string>()];
        Assert.Equal(JsonTypeOf(type), types[0]);
        // A field of a command may be null; one of an event only where its type says so.
        if (property.DeclaringType != typeof(GenerateImages))
            Assert.Equal(
                new NullabilityInfoContext().Create(property).ReadState is NullabilityState.Nullable,
                types.Contains("null", StringComparer.Ordinal)
            );
        if (type == typeof(Guid))
            Assert.Equal("uuid", schema["format"]!.GetValue<string>());
        if (type == typeof(DateTimeOffset))
            Assert.Equal("date-time", schema["format"]!.GetValue<string>());
        if (type.IsEnum)
            Assert.Equal(
                Enum.GetNames(type)
                    .Select(name =>
                        type.GetField(name)!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? name
                    ),
                schema["enum"]!.AsArray().Select(value => value!.GetValue<string>()),
                StringComparer.Ordinal
            );
        if (schema["items"]?["$ref"]?.GetValue<string>() is { } item)
            Assert.EndsWith($"/{type.GetGenericArguments()[0].Name}", item, StringComparison.Ordinal);
    }

    private static string JsonTypeOf(Type type) =>
        type == typeof(bool) ? "boolean"
        : type == typeof(int) ? "integer"
        : type == typeof(decimal) ? "number"
        : type == typeof(string) || type == typeof(Guid) || type == typeof(DateTimeOffset) || type.IsEnum ? "string"
        : type.IsAssignableTo(typeof(IReadOnlyDictionary<string, string>)) ? "object"
        : type.IsAssignableTo(typeof(IEnumerable)) ? "array"
        : "object";
}
