using System.Globalization;
using System.Text.Json;
using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>
/// Reads a JSON value by its plain meaning, whatever the publisher's language made of it: <c>"2"</c> and <c>2.0</c> are
/// 2, a UUID needs no dashes, and PHP's empty map is <c>[]</c>.
/// </summary>
internal static class PlainValue
{
    /// <summary>A number or a boolean is its text too.</summary>
    private static readonly Type AnyText = typeof(object);

    private const NumberStyles Number =
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>Reads a value; null if it is absent or has no such meaning.</summary>
    /// <param name="value">The value.</param>
    /// <param name="type">The type of its field.</param>
    /// <param name="path">Its path in the command.</param>
    /// <param name="fault">Takes the path of what has no such meaning, and why.</param>
    public static object? Read(JsonElement value, Type type, string path, Action<string, string> fault)
    {
        if (value.ValueKind is JsonValueKind.Null)
            return null;
        try
        {
            if (type == typeof(string))
                return TextOf(value) ?? No("a text");
            if (type == AnyText)
                return PlainTextOf(value) ?? No("a text");
            if (type == typeof(Guid))
                return Guid.TryParse(TextOf(value), out var id) ? id : No("a UUID");
            if (type == typeof(bool))
                return bool.TryParse(PlainTextOf(value), out var isTrue) ? isTrue : No("true or false");
            if (type == typeof(int) || type == typeof(int?))
                return NumberOf(value) is { } n && decimal.IsInteger(n) && n is >= int.MinValue and <= int.MaxValue
                    ? (int)n
                    : No("a whole number up to 2147483647");
            if (type == typeof(decimal?))
                return NumberOf(value) ?? No("a number");
            return value.ValueKind switch
            {
                JsonValueKind.Object => MapOf(value, path, fault),
                JsonValueKind.Array when value.GetArrayLength() == 0 => null,
                _ => No("an object of texts"),
            };
        }
        catch (InvalidOperationException)
        {
            // Half of an emoji, or bytes that are no UTF-8.
            fault(path, "is no Unicode text");
            return null;
        }

        object? No(string expected)
        {
            fault(path, $"is {Shown(value)}, {expected} is expected");
            return null;
        }
    }

    private static Dictionary<string, string> MapOf(JsonElement map, string path, Action<string, string> fault)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in map.EnumerateObject())
        {
            var entryPath = $"{path}.{ShownText.Of(entry.Name, CommandRules.LongestShown)}";
            if (Read(entry.Value, AnyText, entryPath, fault) is string text && !texts.TryAdd(entry.Name, text))
                fault(entryPath, "is there twice");
        }
        return texts;
    }

    private static string? TextOf(JsonElement value) =>
        value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private static string? PlainTextOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => null,
        };

    private static decimal? NumberOf(JsonElement value) =>
        value.ValueKind is JsonValueKind.Number or JsonValueKind.String
        && decimal.TryParse(PlainTextOf(value), Number, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private static string Shown(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            JsonValueKind.String => $"'{ShownText.Of(value.GetString()!, CommandRules.LongestShown)}'",
            _ => ShownText.Of(value.GetRawText(), CommandRules.LongestShown),
        };
}
