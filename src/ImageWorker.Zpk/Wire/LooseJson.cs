using System.Globalization;
using System.Text.Json;

namespace ImageWorker.Zpk.Wire;

/// <summary>A field as what it is meant to be, be it written as a number or as a string; null where it is not.</summary>
internal static class LooseJson
{
    // Longer waits tell nothing more, and a clamp keeps every sum of them far from overflow.
    private const double MaximumSeconds = 24 * 60 * 60;

    // What a decimal holds to the last digit; parsing rounds anything longer without saying so.
    private const int ExactDigits = 28;

    public static JsonElement Field(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var field) ? field : default;

    /// <summary>A string, or a number or flag as its JSON text; null where empty.</summary>
    public static string? Text(this JsonElement element)
    {
        var text = element.ValueKind switch
        {
            JsonValueKind.String => element.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => element.GetRawText(),
            _ => null,
        };
        return string.IsNullOrEmpty(text) ? null : text;
    }

    public static bool? Flag(this JsonElement element) =>
        element.Text()?.ToUpperInvariant() switch
        {
            "TRUE" or "1" => true,
            "FALSE" or "0" => false,
            _ => null,
        };

    public static int? Integer(this JsonElement element) =>
        decimal.TryParse(element.Text(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && number is >= int.MinValue and <= int.MaxValue
        && decimal.IsInteger(number)
            ? (int)number
            : null;

    /// <summary>Seconds, fractions kept, within 0 and a day.</summary>
    public static TimeSpan? Seconds(this JsonElement element) =>
        double.TryParse(element.Text(), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
        && !double.IsNaN(seconds)
            ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, MaximumSeconds))
            : null;

    /// <summary>
    /// An amount to the digit as written, scale included. Null where it is negative or longer than can be kept
    /// exactly: an unknown cost, not a wrong one.
    /// </summary>
    public static decimal? Money(this JsonElement element) =>
        element.Text() is { } text
        && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var amount)
        && amount >= 0
        && IsExact(text.Trim())
            ? amount
            : null;

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
}
