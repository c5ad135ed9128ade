using System.Buffers;
using System.Text;
using System.Text.Json;

namespace ImageWorker.ZpkSimulator.Api;

/// <summary>
/// Reads a body in any of the forms the API takes: JSON, form fields (multipart or urlencoded), or one form field
/// <c>_json</c> holding the JSON document.
/// </summary>
internal static class FieldReader
{
    private static readonly byte[][] Utf8Names = [.. Fields.Names.Select(Encoding.UTF8.GetBytes)];

    public static async ValueTask<Fields> ReadAsync(HttpRequest request)
    {
        if (request.HasJsonContentType())
            return await ReadJsonAsync(request);
        if (request.HasFormContentType)
            return await ReadFormAsync(request);
        return new Fields { Unreadable = "Content-Type must be application/json or form data" };
    }

    private static async ValueTask<Fields> ReadJsonAsync(HttpRequest request)
    {
        while (true)
        {
            var read = await request.BodyReader.ReadAsync();
            if (!read.IsCompleted)
            {
                request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var fields = ParseJson(read.Buffer);
            request.BodyReader.AdvanceTo(read.Buffer.End);
            return fields;
        }
    }

    private static async ValueTask<Fields> ReadFormAsync(HttpRequest request)
    {
        IFormCollection form;
        try
        {
            form = await request.ReadFormAsync();
        }
        catch (InvalidDataException)
        {
            return new Fields { Unreadable = "the form data cannot be read" };
        }

        if (form.TryGetValue("_json", out var document))
            return ParseJson(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(document.ToString())));

        var fields = new Fields();
        for (var index = 0; index < Fields.Names.Length; index++)
            fields[(Field)index] = form[Fields.Names[index]].ToString();
        return fields;
    }

    private static Fields ParseJson(ReadOnlySequence<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return new Fields { Unreadable = "the body is not a JSON object" };

            var fields = new Fields();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                ReadProperty(ref reader, fields);
            return fields;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is not valid UTF-8.
            return new Fields { Unreadable = "the body is not valid JSON" };
        }
    }

    private static void ReadProperty(ref Utf8JsonReader reader, Fields fields)
    {
        var field = -1;
        for (var index = 0; index < Utf8Names.Length && field < 0; index++)
        {
            if (reader.ValueTextEquals(Utf8Names[index]))
                field = index;
        }

        reader.Read();
        if (field < 0)
        {
            reader.Skip();
            return;
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                fields[(Field)field] = reader.GetString();
                break;
            case JsonTokenType.Number:
                fields[(Field)field] = Encoding.UTF8.GetString(
                    reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan
                );
                break;
            case JsonTokenType.True:
                fields[(Field)field] = "true";
                break;
            case JsonTokenType.False:
                fields[(Field)field] = "false";
                break;
            case JsonTokenType.Null:
                break;
            default:
                fields.MarkNotScalar((Field)field);
                reader.Skip();
                break;
        }
    }
}
