using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace ImageWorker.ZpkSimulator.Pictures;

/// <summary>
/// GalmuriMono11, a font of dots, unchanged from the npm package <c>galmuri</c> 2.40.3 (SIL Open Font License): Latin, Greek,
/// Cyrillic, kana, hangul and common Chinese characters. A drawing library would be a native dependency of every program
/// that embeds the simulator. It is read once, with the first picture.
/// </summary>
internal static class Font
{
    public const int Height = 16;

    private const int Ascent = 14;
    private const char Missing = '□';

    private static readonly Lazy<Dictionary<char, Glyph>> Glyphs = new(Read);

    /// <summary>What of a text can be drawn: marks without a glyph are left out, a box stands for each other character.</summary>
    public static string Drawable(string text)
    {
        var drawable = new StringBuilder(text.Length);
        // Half a character at the end of a cut text becomes whole first: only what is whole can be normalized.
        foreach (var rune in string.Concat(text.EnumerateRunes()).Normalize().EnumerateRunes())
        {
            if (Rune.IsControl(rune) || Rune.IsWhiteSpace(rune))
                drawable.Append(' ');
            else if (rune.IsBmp && Glyphs.Value.ContainsKey((char)rune.Value))
                drawable.Append((char)rune.Value);
            else if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.Format))
                drawable.Append(Missing);
        }

        return drawable.ToString();
    }

    /// <summary>How many dots wide a text is that <see cref="Drawable"/> returned.</summary>
    public static int WidthOf(string text) => text.Sum(character => Glyphs.Value[character].Width);

    public static Glyph Of(char character) => Glyphs.Value[character];

    /// <summary>Reads the Glyph Bitmap Distribution Format: lines of words.</summary>
    private static Dictionary<char, Glyph> Read()
    {
        using var stream = typeof(Font).Assembly.GetManifestResourceStream("font.bdf.gz")!;
        using var reader = new StreamReader(new GZipStream(stream, CompressionMode.Decompress));
        var glyphs = new Dictionary<char, Glyph>();
        var (character, width, left, row) = ('\0', 0, 0, 0);
        var rows = new ushort[Height];
        var isInBitmap = false;
        while (reader.ReadLine() is { } line)
        {
            switch (line.Split(' '))
            {
                case ["ENCODING", var code]:
                    character = (char)Number(code);
                    break;
                case ["DWIDTH", var dots, _]:
                    width = Number(dots);
                    break;
                case ["BBX", _, var height, var x, var y]:
                    (left, row) = (Number(x), Ascent - Number(height) - Number(y));
                    break;
                case ["BITMAP"]:
                    isInBitmap = true;
                    break;
                case ["ENDCHAR"]:
                    glyphs[character] = new(width, rows);
                    rows = new ushort[Height];
                    isInBitmap = false;
                    break;
                case [var dots] when isInBitmap:
                    if (row is >= 0 and < Height)
                        rows[row] = Shifted(dots, left);
                    row++;
                    break;
            }
        }

        return glyphs;
    }

    /// <summary>A row's dots in 16 bits, the leftmost first.</summary>
    private static ushort Shifted(string hex, int left)
    {
        var bits = int.Parse(hex.PadRight(4, '0'), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (ushort)(left >= 0 ? bits >> left : bits << -left);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>The dots of one character.</summary>
/// <param name="Width">How many dots the next character is further on.</param>
/// <param name="Rows">From the top, a bit a dot, the leftmost first.</param>
internal sealed record Glyph(int Width, ushort[] Rows)
{
    public bool HasInk(int column, int row) => (Rows[row] >> (15 - column) & 1) != 0;
}
