namespace ImageWorker.ZpkSimulator.Pictures;

/// <summary>
/// One picture: bands of colour in a pattern of its own for each prompt and number, and over them the prompt and the
/// number in writing, so that a person can tell which is which.
/// </summary>
internal sealed class Picture
{
    private const int Bands = 12;
    private const byte PanelColor = Bands;
    private const byte InkColor = Bands + 1;

    // The pattern is the sum of three waves, one along each axis and one along the diagonal, read from tables.
    private const double WaveHeight = 1.6;

    private readonly byte[] palette = new byte[(Bands + 2) * 3];
    private readonly float[] alongX;
    private readonly float[] alongY;
    private readonly float[] alongDiagonal;
    private readonly Lettering lettering;

    public Picture(int width, int height, ulong promptHash, string prompt, int number)
    {
        var random = new Random(unchecked((int)promptHash + number));
        // The golden ratio sets the hues of one prompt's pictures well apart.
        Colors.Fill(palette, Bands, promptHash % 360 / 360.0 + number * 0.618);
        alongX = Wave(width, random);
        alongY = Wave(height, random);
        alongDiagonal = Wave(width + height, random);
        lettering = new Lettering(width, height, prompt, number);
    }

    public ReadOnlySpan<byte> Palette => palette;

    public void PaintRow(int y, Span<byte> row)
    {
        for (var x = 0; x < row.Length; x++)
        {
            var level = alongX[x] + alongY[y] + alongDiagonal[x + y];
            row[x] = (byte)((int)(level + 2 * Bands) % Bands);
        }

        lettering.PaintRow(y, row, PanelColor, InkColor);
    }

    private static float[] Wave(int length, Random random)
    {
        var turns = 2 * Math.PI * (0.5 + 2 * random.NextDouble()) / length;
        var phase = 2 * Math.PI * random.NextDouble();
        var wave = new float[length];
        for (var index = 0; index < length; index++)
            wave[index] = (float)(WaveHeight * Math.Sin(index * turns + phase));
        return wave;
    }
}
