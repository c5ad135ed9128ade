namespace ImageWorker.ZpkSimulator.Pictures;

/// <summary>The writing on a picture: the image's number, large, and the prompt below it, wrapped and cut to fit.</summary>
internal sealed class Lettering
{
    private const int Margin = 48;
    private const int NumberScale = 20;
    private const int TextScale = 6;
    private const int MaxLines = 9;
    private const int LineGap = 2;

    private readonly int _width;
    private readonly int _panelTop;
    private readonly int _panelBottom;
    private readonly List<(string Text, int Top, int Scale)> _lines = [];

    public Lettering(int width, int height, string prompt, int number)
    {
        _width = width;
        var columns = (width - 4 * Margin) / (TextScale * (Font.GlyphWidth + 1));
        var wrapped = Wrap(Font.Drawable(prompt), columns);
        var lineHeight = TextScale * (Font.GlyphHeight + LineGap);
        var numberHeight = NumberScale * Font.GlyphHeight;
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
            if (y >= top && y < top + scale * Font.GlyphHeight)
                PaintText(row[(2 * Margin)..], text, (y - top) / scale, scale, ink);
        }
    }

    private static void PaintText(Span<byte> row, string text, int glyphRow, int scale, byte ink)
    {
        for (var index = 0; index < text.Length; index++)
        {
            for (var column = 0; column < Font.GlyphWidth; column++)
            {
                if (Font.HasInk(text[index], column, glyphRow))
                    row.Slice((index * (Font.GlyphWidth + 1) + column) * scale, scale).Fill(ink);
            }
        }
    }

    private static List<string> Wrap(string text, int columns)
    {
        var wrapped = new List<string>();
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > columns)
            {
                wrapped.Add(line);
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
            while (line.Length > columns)
            {
                wrapped.Add(line[..columns]);
                line = line[columns..];
            }
        }

        wrapped.Add(line);
        if (wrapped.Count <= MaxLines)
            return wrapped;
        wrapped.RemoveRange(MaxLines, wrapped.Count - MaxLines);
        wrapped[^1] = wrapped[^1][..Math.Min(wrapped[^1].Length, columns - 3)] + "...";
        return wrapped;
    }
}
