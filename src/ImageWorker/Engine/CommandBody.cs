using System.Text;
using System.Text.Json;
using ImageWorker.Requests;

namespace ImageWorker.Engine;

/// <summary>
/// A message's JSON, as far as it can be read. The fields that come before a problem are here, because one of them may
/// name the request that waits for an answer.
/// </summary>
public sealed class CommandBody
{
    private static readonly JsonReaderOptions Options = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    private readonly List<JsonField> _outer = [];
    private List<JsonField>? _message;

    private CommandBody() { }

    /// <summary>The fields of the body.</summary>
    public IReadOnlyList<JsonField> Outer => _outer;

    /// <summary>The fields of an envelope's message; null if there is none.</summary>
    public IReadOnlyList<JsonField>? Message => _message;

    /// <summary>What cannot be read, and where; null for nothing. None of the text is quoted.</summary>
    public string? Problem { get; private set; }

    /// <summary>The texts in the body's field of this name, be it one text or a list of them.</summary>
    public IReadOnlyList<string> Texts(string name) =>
        [
            .. _outer
                .Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                .SelectMany(field =>
                    field.Value.ValueKind is JsonValueKind.Array
                        ? [.. field.Value.EnumerateArray()]
                        : (JsonElement[])[field.Value]
                )
                .Select(value => PlainValue.Read(value, typeof(string), name, static (_, _) => { }))
                .OfType<string>(),
        ];

    /// <summary>Reads an object in UTF-8, with or without a byte order mark.</summary>
    /// <param name="json">The object.</param>
    /// <param name="isEnvelope">True if it holds the message in another object.</param>
    /// <param name="longest">Of a longer one, only so many bytes are read.</param>
    public static CommandBody Read(ReadOnlySpan<byte> json, bool isEnvelope, int longest)
    {
        var body = new CommandBody();
        var isWhole = json.Length <= longest;
        if (!isWhole)
        {
            body.Problem = $"it has {json.Length} bytes, at most {longest} are allowed (Queues:MaxBody)";
            json = json[..longest];
        }
        if (json.StartsWith(Encoding.UTF8.Preamble))
            json = json[Encoding.UTF8.Preamble.Length..];
        var reader = new Utf8JsonReader(json, isWhole, new JsonReaderState(Options));
        try
        {
            if (reader.Read() && reader.TokenType is JsonTokenType.StartObject)
                body.ReadObject(ref reader, body._outer, isEnvelope);
            else
                body.Problem = "it is no object";
            // Whatever follows the object is no JSON.
            reader.Read();
        }
        catch (JsonException exception)
        {
            // Its own text is for programmers, and quotes what it could not read, which may be a part of a prompt.
            body.Problem = json.IsEmpty
                ? "it is empty"
                : $"it is no JSON, or nested too deep, at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}";
        }
        return body;
    }

    private void ReadObject(ref Utf8JsonReader reader, List<JsonField> fields, bool isEnvelope)
    {
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = NameIn(reader);
            reader.Read();
            if (isEnvelope && IsMessage(name) && reader.TokenType is JsonTokenType.StartObject)
            {
                if (_message is not null)
                    Problem = "the envelope's message is there twice";
                ReadObject(ref reader, _message ??= [], isEnvelope: false);
            }
            else if (JsonElement.TryParseValue(ref reader, out var value))
                fields.Add(new(name, value.Value));
        }
    }

    private static bool IsMessage(string name) => name.Equals("message", StringComparison.OrdinalIgnoreCase);

    private static string NameIn(Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // It is no Unicode text, so it is no name of ours.
            return Encoding.UTF8.GetString(reader.ValueSpan);
        }
    }
}
