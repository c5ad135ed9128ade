using System.Globalization;
using System.Text;

namespace ImageWorker.Zpk.Wire;

/// <summary>
/// A secret, found in a text in upper or lower case and with any of its characters percent-encoded (<c>%41</c>) or
/// JSON-escaped (<c>\u0041</c>), once or several times over.
/// </summary>
internal sealed class SecretWord(string secret)
{
    private const string Shown = "***";

    // \\\\u0041, escaped three times over: what is longer is nobody's accident.
    private const int LongestCharacter = 9;

    // What it can begin with, so that a search skips all else.
    private readonly string _starts = $"%\\{char.ToLowerInvariant(secret[0])}{char.ToUpperInvariant(secret[0])}";

    /// <summary>How many characters of a text it may take.</summary>
    public int LongestSpelling => secret.Length * LongestCharacter;

    public bool IsIn(string text) => Find(text, 0).Length > 0;

    public string Mask(string text)
    {
        var found = Find(text, 0);
        if (found.Length == 0)
            return text;

        var masked = new StringBuilder();
        var copied = 0;
        for (; found.Length > 0; found = Find(text, copied))
        {
            masked.Append(text, copied, found.Start - copied).Append(Shown);
            copied = found.Start + found.Length;
        }
        return masked.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>Where it stands next, and how much of the text it takes; nothing where it does not.</summary>
    private (int Start, int Length) Find(string text, int start)
    {
        for (int skip; (skip = text.AsSpan(start).IndexOfAny(_starts)) >= 0; start++)
        {
            start += skip;
            if (LengthAt(text.AsSpan(start)) is var length and > 0)
                return (start, length);
        }
        return default;
    }

    private int LengthAt(ReadOnlySpan<char> text)
    {
        var length = 0;
        foreach (var character in secret)
        {
            if (LengthAt(text[length..], character) is var next and > 0)
                length += next;
            else
                return 0;
        }
        return length;
    }

    /// <summary>How much of the text's beginning writes the character, in any of the ways; 0 where none does.</summary>
    private static int LengthAt(ReadOnlySpan<char> text, char character)
    {
        if (text.IsEmpty)
            return 0;
        if (IsSame(text[0], character))
            return 1;
        if (text[0] == '%')
        {
            var code = text[1..];
            while (code is ['2', '5', _, _, ..])
                code = code[2..];
            return IsCode(code, 2, character) ? text.Length - code.Length + 2 : 0;
        }
        var escape = text.TrimStart('\\');
        var backslashes = text.Length - escape.Length;
        if (backslashes == 0 || escape.IsEmpty)
            return 0;
        if (escape[0] == 'u' && IsCode(escape[1..], 4, character))
            return backslashes + 5;
        return IsSame(escape[0], character) ? backslashes + 1 : 0;
    }

    private static bool IsCode(ReadOnlySpan<char> text, int digits, char character) =>
        text.Length >= digits
        && ushort.TryParse(text[..digits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
        && IsSame((char)code, character);

    private static bool IsSame(char one, char other) => char.ToUpperInvariant(one) == char.ToUpperInvariant(other);
}
