using System.Globalization;

namespace ImageWorker.Operations;

/// <summary>A span of time as people type it: a number and one of s, m, h and d.</summary>
public static class AgeText
{
    public static bool TryParse(string text, out TimeSpan age)
    {
        age = default;
        if (
            text.Length < 2
            || !double.TryParse(
                text[..^1],
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out var number
            )
            || number > 36_500
        )
            return false;
        TimeSpan? parsed = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => null,
        };
        age = parsed ?? default;
        return parsed is not null;
    }
}
