using System.Globalization;

namespace ImageWorker.ZpkSimulator.Pictures;

/// <summary>
/// A font of 5 by 8 dots, drawn in <c>font.txt</c>: six bands of 16 characters from the space on, the last of them the
/// box that stands for what the font does not have. A font file or a drawing library would be a native dependency of
/// every program that embeds the simulator.
/// </summary>
internal static class Font
{
    public const int GlyphWidth = 5;
    public const int GlyphHeight = 8;

    private const int First = ' ';
    private const int Missing = 127;
    private const int GlyphsPerBand = 16;

    private const string Accented = "áàâäãåéèêëíìîïóòôöõúùûüñçÁÀÂÄÃÅÉÈÊËÍÌÎÏÓÒÔÖÕÚÙÛÜÑÇ¿¡‘’“”–—";
    private const string Plain = "aaaaaaeeeeiiiiooooouuuuncAAAAAAEEEEIIIIOOOOOUUUUNC?!''\"\"--";

    private static readonly string[] Sheet = ReadSheet();

    /// <summary>What of a text can be drawn: letters without their accents, one box for each other character.</summary>
    public static string Drawable(string text)
    {
        var drawable = new List<char>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var accent = rune.IsBmp ? Accented.IndexOf((char)rune.Value, StringComparison.Ordinal) : -1;
            if (accent >= 0)
                drawable.Add(Plain[accent]);
            else if (rune.Value is >= First and < Missing)
                drawable.Add((char)rune.Value);
            else if (rune.Value < First)
                drawable.Add(' ');
            else if (System.Text.Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark)
                drawable.Add((char)Missing);
        }

        return new string([.. drawable]);
    }

    /// <summary>Whether a character that <see cref="Drawable"/> returned has ink at this dot.</summary>
    public static bool HasInk(char character, int column, int row)
    {
        var (band, place) = Math.DivRem(character - First, GlyphsPerBand);
        return Sheet[band * GlyphHeight + row][place * (GlyphWidth + 1) + column] == '#';
    }

    private static string[] ReadSheet()
    {
        using var stream = typeof(Font).Assembly.GetManifestResourceStream("font.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
