using System.Globalization;
using System.Text;

namespace ImageWorker.Zpk;

/// <summary>Makes text of others fit to be read by people: what would act on a terminal or mislead the eye is written out.</summary>
public static class ShownText
{
    private const char Ellipsis = '…';

    /// <summary>The text in one line, with escapes such as <c>\u001b</c>, and no longer than this and an ellipsis.</summary>
    public static string Of(string text, int longest = int.MaxValue)
    {
        if (text.Length <= longest && text.All(letter => letter is >= ' ' and <= '~'))
            return text;

        var shown = new StringBuilder(Math.Min(text.Length, longest));
        var fits = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            fits = shown.Length < longest ? shown.Length : fits;
            shown.Append(IsPlain(rune) ? rune.ToString() : Escaped(rune));
            if (shown.Length > longest)
                return shown.Remove(fits, shown.Length - fits).Append(Ellipsis).ToString();
        }
        return shown.ToString();
    }

    /// <summary>The same for a text of several lines.</summary>
    public static string Lines(string text) => string.Join('\n', text.Split('\n').Select(line => Of(line)));

    /// <summary>
    /// Whether a character may stand in a text that is shown: no control character, none that turns the direction of
    /// what follows or shows as nothing, no end of a line, no half of a character.
    /// </summary>
    public static bool IsPlain(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
            );

    private static string Escaped(Rune rune) => string.Concat(rune.ToString().Select(half => $"\\u{(int)half:x4}"));
}
