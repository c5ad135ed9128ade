using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace ImageWorker.Zpk.Wire;

/// <summary>A field as what it is meant to be, be it written as a number or as a string; null where it is not.</summary>
internal static class LooseJson
{
    // Longer waits tell nothing more, and a clamp keeps every sum of them far from overflow.
    private const double MaximumSeconds = 24 * 60 * 60;

    // An escape such as \u0041 has the most bytes for one character.
    private const int MaximumBytes = 6 * ServerText.LongestRead;

    // Longer ones are neither times nor numbers nor amounts.
    private const int MaximumNumber = 64;

    // PHP writes what it summed in floating point with as many: 0.11399999999999999 for three times 0.038.
    private const int MaximumPlaces = 18;

    // 25 digits with the places, of the 28 that a decimal holds exactly: the sum of a thousand such costs is exact, too.
    private const decimal MaximumCost = 1_000_000m;

    // Parsing rounds what has more digits without saying so.
    private const int ExactDigits = 28;

    /// <summary>The first field of that name; a name that cannot be read is another.</summary>
    public static JsonElement Field(this JsonElement element, string name)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (IsNamed(property, name))
                return property.Value;
        }
        return default;
    }

    /// <summary>
    /// A string, or a number or flag as its JSON text; null where empty. What is no UTF-8 shows as U+FFFD, and what is
    /// longer than <see cref="ServerText.LongestRead"/> is cut to that length.
    /// </summary>
    public static string? Text(this JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.String => Read(JsonMarshal.GetRawUtf8Value(element)[1..^1]),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => Read(
                JsonMarshal.GetRawUtf8Value(element)
            ),
            _ => null,
        };

    public static bool? Flag(this JsonElement element) =>
        element.Text()?.ToUpperInvariant() switch
        {
            "TRUE" or "1" => true,
            "FALSE" or "0" => false,
            _ => null,
        };

    public static int? Integer(this JsonElement element) =>
        decimal.TryParse(element.Number(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && number is >= int.MinValue and <= int.MaxValue
        && decimal.IsInteger(number)
            ? (int)number
            : null;

    /// <summary>Seconds, fractions kept, within 0 and a day.</summary>
    public static TimeSpan? Seconds(this JsonElement element) =>
        double.TryParse(element.Number(), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
        && !double.IsNaN(seconds)
            ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, MaximumSeconds))
            : null;

    /// <summary>
    /// An amount to the digit as written, scale included: 0 to a million EUR, of at most 18 decimal places. Null for
    /// anything else: an unknown cost, not a wrong one.
    /// </summary>
    public static decimal? Money(this JsonElement element) =>
        element.Number() is { } text
        && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var amount)
        && amount is >= 0 and <= MaximumCost
        && amount.Scale <= MaximumPlaces
        && IsExact(text.Trim())
            ? amount
            : null;

    private static string? Number(this JsonElement element) =>
        element.Text() is { Length: <= MaximumNumber } text ? text : null;

    private static bool IsExact(string number)
    {
        var exponentAt = number.IndexOfAny(['e', 'E']);
        var mantissa = exponentAt < 0 ? number : number[..exponentAt];
        var exponent = exponentAt < 0 ? "0" : number[(exponentAt + 1)..];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var fraction = point < 0 ? 0 : mantissa.Length - point - 1;
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('+', '-', '0').Length;
        return digits <= ExactDigits
            && int.TryParse(exponent, CultureInfo.InvariantCulture, out var power)
            && (long)fraction - power <= ExactDigits;
    }

    private static bool IsNamed(JsonProperty property, string name)
    {
        var written = JsonMarshal.GetRawUtf8PropertyName(property);
        return Ascii.Equals(written, name) || (written.Contains((byte)'\\') && Read(written) == name);
    }

    private static string? Read(ReadOnlySpan<byte> utf8)
    {
        var text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, MaximumBytes)]);
        text = text.Contains('\\', StringComparison.Ordinal) ? Unescaped(text) : text;
        if (text.Length > ServerText.LongestRead)
            text = text[..ServerText.LongestRead];
        return text.Length > 0 ? text : null;
    }

    // JsonElement.GetString throws at half a character, and would take the whole answer with it.
    private static string Unescaped(string json)
    {
        var text = new StringBuilder(json.Length);
        for (var rest = json.AsSpan(); !rest.IsEmpty; )
        {
            var (character, length) = rest switch
            {
                ['\\', 'u', var a, var b, var c, var d, ..] => (Code([a, b, c, d]), 6),
                ['\\', 'b', ..] => ('\b', 2),
                ['\\', 'f', ..] => ('\f', 2),
                ['\\', 'n', ..] => ('\n', 2),
                ['\\', 'r', ..] => ('\r', 2),
                ['\\', 't', ..] => ('\t', 2),
                ['\\', var other, ..] => (other, 2),
                _ => (rest[0], 1),
            };
            rest = rest[length..];
            var plain = rest.IndexOf('\\') is var escape and >= 0 ? rest[..escape] : rest;
            text.Append(character).Append(plain);
            rest = rest[plain.Length..];
        }
        return text.ToString();
    }

    private static char Code(ReadOnlySpan<char> hex) =>
        (char)ushort.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
