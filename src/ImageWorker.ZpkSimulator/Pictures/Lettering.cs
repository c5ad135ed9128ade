namespace ImageWorker.ZpkSimulator.Pictures;

/// <summary>The writing on a picture: the image's number, large, and the prompt below it, wrapped and cut to fit.</summary>
internal sealed class Lettering
{
    private const int Margin = 48;
    private const int NumberScale = 10;
    private const int TextScale = 4;
    private const int MaxLines = 9;
    public const char Cut = '…';

    private readonly int _width;
    private readonly int _panelTop;
    private readonly int _panelBottom;
    private readonly List<(string Text, int Top, int Scale)> _lines = [];

    public Lettering(int width, int height, string prompt, int number)
    {
        _width = width;
        var wrapped = Wrap(Font.Drawable(prompt), (width - 4 * Margin) / TextScale);
        var lineHeight = TextScale * Font.Height;
        var numberHeight = NumberScale * Font.Height;
        var panelHeight = 2 * Margin + numberHeight + wrapped.Count * lineHeight;
        _panelTop = (height - panelHeight) / 2;
        _panelBottom = _panelTop + panelHeight;

        _lines.Add(($"#{number}", _panelTop + Margin, NumberScale));
        for (var index = 0; index < wrapped.Count; index++)
            _lines.Add((wrapped[index], _panelTop + Margin + numberHeight + index * lineHeight, TextScale));
    }

    public void PaintRow(int y, Span<byte> row, byte panel, byte ink)
    {
        if (y < _panelTop || y >= _panelBottom)
            return;
        row[Margin..(_width - Margin)].Fill(panel);
        foreach (var (text, top, scale) in _lines)
        {
            if (y >= top && y < top + scale * Font.Height)
                PaintText(row[(2 * Margin)..], text, (y - top) / scale, scale, ink);
        }
    }

    private static void PaintText(Span<byte> row, string text, int glyphRow, int scale, byte ink)
    {
        var left = 0;
        foreach (var glyph in text.Select(Font.Of))
        {
            for (var column = 0; column < glyph.Width; column++)
            {
                if (glyph.HasInk(column, glyphRow))
                    row.Slice((left + column) * scale, scale).Fill(ink);
            }

            left += glyph.Width;
        }
    }

    /// <summary>Lines of at most so many dots. A word that is wider is broken, and what is too much is cut, with a sign.</summary>
    private static List<string> Wrap(string text, int dots)
    {
        var wrapped = new List<string>();
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var longer = line.Length == 0 ? word : $"{line} {word}";
            if (line.Length > 0 && Font.WidthOf(longer) > dots)
            {
                wrapped.Add(line);
                longer = word;
            }

            line = longer;
            while (Font.WidthOf(line) > dots)
            {
                var fitting = Fitting(line, dots);
                wrapped.Add(fitting);
                line = line[fitting.Length..];
            }
        }

        wrapped.Add(line);
        if (wrapped.Count <= MaxLines)
            return wrapped;
        wrapped.RemoveRange(MaxLines, wrapped.Count - MaxLines);
        wrapped[^1] = Fitting(wrapped[^1], dots - Font.Of(Cut).Width) + Cut;
        return wrapped;
    }

    /// <summary>As much of the text's beginning as so many dots have room for.</summary>
    private static string Fitting(string text, int dots)
    {
        var length = 0;
        for (var width = 0; length < text.Length; length++)
        {
            width += Font.Of(text[length]).Width;
            if (width > dots)
                break;
        }

        return text[..length];
    }
}
