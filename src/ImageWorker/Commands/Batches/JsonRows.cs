using System.Text.Json;
using ImageWorker.Requests;

namespace ImageWorker.Commands.Batches;

/// <summary>JSON Lines: an object on each line.</summary>
internal static class JsonRows
{
    private static readonly Dictionary<string, int> NoColumns = [];

    public static IEnumerable<FileRow> Of(string text)
    {
        using var reader = new StringReader(text);
        for (var line = 1; reader.ReadLine() is { } json; line++)
        {
            if (!string.IsNullOrWhiteSpace(json))
                yield return Read(line, json);
        }
    }

    private static FileRow Read(int line, string json)
    {
        try
        {
            var row = JsonElement.Parse(json);
            return row.ValueKind is JsonValueKind.Object
                ? new(
                    line,
                    [.. row.EnumerateObject().Select(field => new JsonField(field.Name, field.Value))],
                    NoColumns
                )
                : Bad(": is no JSON object");
        }
        catch (JsonException mistake)
        {
            return Bad($", column {mistake.BytePositionInLine + 1}: is no JSON");
        }

        FileRow Bad(string fault) => new(line, [], NoColumns, fault);
    }
}
