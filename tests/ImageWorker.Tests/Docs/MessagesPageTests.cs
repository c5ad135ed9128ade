using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ImageWorker.Contracts;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Tests.Deploy;

namespace ImageWorker.Tests.Docs;

/// <summary>What a service in any language is told of the messages is what they are.</summary>
public sealed class MessagesPageTests
{
    private static readonly string Page = File.ReadAllText(DeployFiles.At("docs/messages.md"));

    /// <summary>In the order of the page.</summary>
    private static readonly IReadOnlyList<JsonObject> Samples =
    [
        .. Page.Split("```json\n").Skip(1).Select(part => JsonNode.Parse(part.Split("```")[0])!.AsObject()),
    ];

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerOptions.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    [Fact]
    public void The_command_is_whole_and_good()
    {
        var read = CommandRead.Of<GenerateImages>(BodyOf(Samples[0]));

        Assert.Equal(NamesOf(typeof(GenerateImages)), Samples[0].Select(field => field.Key), StringComparer.Ordinal);
        Assert.Empty(read.Faults);
        Assert.Empty(read.Warnings);
        Assert.Empty(CommandRules.FaultsOf(read.Command));
        Same(Samples[0], JsonSerializer.SerializeToNode(read.Command, JsonSerializerOptions.Web)!);
    }

    [Fact]
    public void The_cancellation_is_whole_and_good()
    {
        var read = CommandRead.Of<CancelImages>(BodyOf(Samples[1]));

        Assert.Equal(NamesOf(typeof(CancelImages)), Samples[1].Select(field => field.Key), StringComparer.Ordinal);
        Assert.Empty(read.Faults);
    }

    [Fact]
    public void The_envelope_is_what_the_worker_sends()
    {
        JsonNumbers.Use();
        var shown = Samples[2];
        var sent = OutboxMessage.Event(
            shown["message"].Deserialize<ImagesReady>(JsonSerializerOptions.Web)!,
            shown["messageId"]!.GetValue<Guid>(),
            shown["correlationId"]!.GetValue<Guid>(),
            shown["sentTime"]!.GetValue<DateTimeOffset>(),
            null,
            shown["headers"]![CommandFingerprint.Header]!.GetValue<string>()
        );

        var body = JsonNode.Parse(sent.Body)!.AsObject();
        // It tells of the worker's machine.
        body["host"] = shown["host"]!.DeepClone();
        foreach (var unset in body.Where(field => field.Value is null).Select(field => field.Key).ToList())
            body.Remove(unset);
        Same(shown, body);
    }

    [Fact]
    public void The_events_are_whole()
    {
        Whole<ImagesReady>(Samples[2]["message"]!);
        Whole<ImagesFailed>(Samples[3]);
        Whole<ImageGenerated>(Samples[4]);
        Assert.Equal(5, Samples.Count);
    }

    [Fact]
    public void Every_field_of_the_command_has_its_default()
    {
        var command = JsonSerializer.SerializeToNode(new GenerateImages(), JsonSerializerOptions.Web)!.AsObject();

        foreach (var (name, value) in command.Where(field => field.Key is not ("requestId" or "prompt")))
        {
            var row = Row(name);
            Assert.Equal($"`{value?.ToString() ?? "null"}`", row[^1], ignoreCase: true);
        }
    }

    [Fact]
    public void Every_rule_with_a_number_is_the_codes()
    {
        Assert.Contains(Number(CommandRules.MaxPromptLength), Row("prompt")[2], StringComparison.Ordinal);
        Assert.Contains(Number(CommandRules.MaxCount), Row("count")[2], StringComparison.Ordinal);
        Assert.Contains(Number(CommandRules.MaxTimeoutSeconds), Row("timeoutSeconds")[2], StringComparison.Ordinal);
        Assert.Contains(
            Number(CommandRules.MaxStartWithinSeconds),
            Row("startWithinSeconds")[2],
            StringComparison.Ordinal
        );
        Assert.Contains(Number(CommandRules.MaxTenantLength), Row("tenant")[2], StringComparison.Ordinal);
        Assert.Contains(Number(CommandRules.MaxMetadataBytes), Row("metadata")[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Every_field_of_an_event_is_explained()
    {
        var names = new[] { typeof(ImagesReady), typeof(ImagesFailed), typeof(ImageGenerated), typeof(ImageResult) }
            .Concat([typeof(RequestCost), typeof(SubmissionCost)])
            .SelectMany(NamesOf)
            .Distinct(StringComparer.Ordinal);
        var table = Page[Page.IndexOf("| field | type | |", StringComparison.Ordinal)..];

        Assert.All(
            names,
            name =>
                Assert.True(
                    table.Contains($"`{name}", StringComparison.Ordinal)
                        || table.Contains($".{name}", StringComparison.Ordinal),
                    name
                )
        );
    }

    [Fact]
    public void Every_event_exchange_is_named() =>
        Assert.All(
            BrokerTopology.EventExchanges,
            exchange => Assert.Contains($"`{exchange}`", Page, StringComparison.Ordinal)
        );

    /// <summary>Read as its type and written again it is the same, so it has every field and no other.</summary>
    private static void Whole<T>(JsonNode shown)
    {
        var read = shown.Deserialize<T>(Strict);
        Same(shown, JsonSerializer.SerializeToNode(read, JsonSerializerOptions.Web)!);
    }

    private static void Same(JsonNode expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(expected, actual), $"Expected\n{expected}\nbut it is\n{actual}");

    private static IEnumerable<JsonField> BodyOf(JsonObject json) =>
        json.Deserialize<JsonElement>().EnumerateObject().Select(field => new JsonField(field.Name, field.Value));

    private static string[] Row(string field) =>
        Page.Split('\n')
            .First(line => line.StartsWith($"| `{field}` |", StringComparison.Ordinal))
            .Trim('|', ' ')
            .Split(" | ");

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static IEnumerable<string> NamesOf(Type type) =>
        type.GetProperties().Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name));
}
