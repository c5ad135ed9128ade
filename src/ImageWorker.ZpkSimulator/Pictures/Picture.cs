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

    private readonly byte[] _palette = new byte[(Bands + 2) * 3];
    private readonly float[] _alongX;
    private readonly float[] _alongY;
    private readonly float[] _alongDiagonal;
    private readonly Lettering _lettering;

    public Picture(int width, int height, ulong promptHash, string prompt, int number)
    {
        var random = new Random(unchecked((int)promptHash + number));
        // The golden ratio sets the hues of one prompt's pictures well apart.
        Colors.Fill(_palette, Bands, promptHash % 360 / 360.0 + number * 0.618);
        _alongX = Wave(width, random);
        _alongY = Wave(height, random);
        _alongDiagonal = Wave(width + height, random);
        _lettering = new Lettering(width, height, prompt, number);
    }

    public ReadOnlySpan<byte> Palette => _palette;

    public void PaintRow(int y, Span<byte> row)
    {
        for (var x = 0; x < row.Length; x++)
        {
            var level = _alongX[x] + _alongY[y] + _alongDiagonal[x + y];
            row[x] = (byte)((int)(level + 2 * Bands) % Bands);
        }

        _lettering.PaintRow(y, row, PanelColor, InkColor);
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
