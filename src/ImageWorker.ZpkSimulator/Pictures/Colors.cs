namespace ImageWorker.ZpkSimulator.Pictures;

/// <summary>A picture's palette: shades around one hue, then near-white for the panel and near-black for the ink.</summary>
internal static class Colors
{
    private const double HueSpan = 0.2;

    /// <summary>Fills in the shades, the panel and the ink; the hue is 0 to 1, around the colour circle.</summary>
    public static void Fill(Span<byte> palette, int shades, double hue)
    {
        for (var shade = 0; shade < shades; shade++)
        {
            // Up and down again, so that the first and the last shade, which touch, are alike.
            var height = 1 - Math.Abs(2.0 * shade / shades - 1);
            Write(palette[(shade * 3)..], hue + HueSpan * height, 0.35 + 0.55 * height);
        }

        palette.Slice(shades * 3, 3).Fill(245);
        palette.Slice(shades * 3 + 3, 3).Fill(20);
    }

    private static void Write(Span<byte> color, double hue, double value)
    {
        for (var channel = 0; channel < 3; channel++)
        {
            var share = 0.5 + 0.5 * Math.Cos(2 * Math.PI * (hue - channel / 3.0));
            color[channel] = (byte)(255 * value * (0.3 + 0.7 * share));
        }
    }
}
