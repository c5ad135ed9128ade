namespace ImageWorker.ZpkSimulator.Generation;

/// <summary>The server's one source of chance: repeatable with a seed, safe to share between calls.</summary>
internal sealed class Dice(int? seed)
{
    private const string IdLetters = "0123456789abcdefghijklmnopqrstuvwxyz";

    private readonly Random _random = seed is { } value ? new Random(value) : Random.Shared;

    /// <summary>Uniform in [0, 1).</summary>
    public double Next()
    {
        if (seed is null)
            return _random.NextDouble();
        lock (_random)
            return _random.NextDouble();
    }

    public bool Chance(double probability) => probability > 0 && (probability >= 1 || Next() < probability);

    /// <summary>Standard normal, by the Box-Muller transform.</summary>
    public double NextNormal() => Math.Sqrt(-2 * Math.Log(1 - Next())) * Math.Cos(2 * Math.PI * Next());

    /// <summary>
    /// An id in the form of the API page's example: <c>ZPK</c> and 16 letters and digits. The seed plays no part: after a
    /// restart with the same seed, ids that repeat would look like paying twice.
    /// </summary>
    public static string NextRequestId() => "ZPK" + new string(Random.Shared.GetItems<char>(IdLetters, 16));
}
