namespace ImageWorker.Pacing;

/// <summary>Calls begun and refused of late, in bins of 50 ms by when they began.</summary>
public sealed class PaceCounts
{
    private const int BinMs = 50;

    // Workers report up to 100 ms late. So the second that is measured ends 100 ms ago, and all of it has been reported.
    private const int BinsLate = 2;
    private const int BinsASecond = 1000 / BinMs;
    private const int Size = BinsASecond + BinsLate + 1;

    /// <summary>The latest bin, counted since 1970.</summary>
    public long Last { get; set; }

    public int[] Begun { get; set; } = new int[Size];

    public int[] Refused { get; set; } = new int[Size];

    public void AddBegun(DateTimeOffset begun, DateTimeOffset now) => Add(Begun, begun, now);

    public void AddRefused(DateTimeOffset begun, DateTimeOffset now) => Add(Refused, begun, now);

    /// <summary>Calls that began within one second and those of them that were refused.</summary>
    public (int Begun, int Refused) LastSecond(DateTimeOffset now) => (Sum(Begun, now), Sum(Refused, now));

    /// <summary>Empties the bins that are over a second old.</summary>
    public void MoveTo(DateTimeOffset now)
    {
        if (Begun.Length != Size || Refused.Length != Size || BinOf(now) < Last)
            (Begun, Refused, Last) = (new int[Size], new int[Size], BinOf(now));
        for (var bin = Math.Max(Last + 1, BinOf(now) - Size + 1); bin <= BinOf(now); bin++)
            Begun[bin % Size] = Refused[bin % Size] = 0;
        Last = BinOf(now);
    }

    private static void Add(int[] counts, DateTimeOffset begun, DateTimeOffset now)
    {
        var bin = Math.Min(BinOf(begun), BinOf(now));
        if (bin > BinOf(now) - Size)
            counts[bin % Size]++;
    }

    private static int Sum(int[] counts, DateTimeOffset now) =>
        Enumerable.Range(BinsLate + 1, BinsASecond).Sum(ago => counts[(BinOf(now) - ago) % Size]);

    private static long BinOf(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / BinMs;
}
