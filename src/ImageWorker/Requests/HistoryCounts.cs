using System.Text.Json.Serialization;

namespace ImageWorker.Requests;

/// <summary>What happened in a step of time, as metrics count it.</summary>
public sealed class HistoryCounts
{
    /// <summary>Durations are kept in steps that grow by this.</summary>
    private const double Growth = 1.15;

    /// <summary>Requests closed, by outcome.</summary>
    public Dictionary<string, long> Closed { get; init; } = new(StringComparer.Ordinal);

    /// <summary>EUR that ZPK reported, by model.</summary>
    public Dictionary<string, double> CostByModel { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The same by tenant, where the settings name tenants.</summary>
    public Dictionary<string, double> CostByTenant { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Requests by the time from their command to their closing, in steps: <see cref="AddDuration"/>.</summary>
    public Dictionary<int, long> Durations { get; init; } = [];

    /// <summary>Calls to ZPK that went wrong, by the call and its outcome.</summary>
    public Dictionary<string, long> Errors { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Calls to ZPK.</summary>
    public long Calls { get; set; }

    /// <summary>Calls that ZPK refused with 429.</summary>
    public long Refused { get; set; }

    /// <summary>Calls a second that all workers kept to at the end; 0 while no limit was known.</summary>
    public double Rate { get; set; }

    [JsonIgnore]
    public bool IsEmpty => Closed.Count == 0 && CostByModel.Count == 0 && Calls == 0 && Refused == 0;

    public void AddDuration(double seconds) =>
        Add(Durations, (int)Math.Floor(Math.Log(Math.Max(seconds, 0.001)) / Math.Log(Growth)), 1);

    /// <summary>The time that this share of the requests took at most, within 7 %; null for none.</summary>
    /// <param name="share">0 to 1.</param>
    public double? Percentile(double share)
    {
        var left = Durations.Values.Sum() * share;
        foreach (var (step, count) in Durations.OrderBy(step => step.Key))
        {
            left -= count;
            if (left <= 0)
                return Math.Pow(Growth, step + 0.5);
        }
        return null;
    }

    /// <summary>Adds what another worker or another step counted.</summary>
    public void Add(HistoryCounts other)
    {
        foreach (var (key, value) in other.Closed)
            Add(Closed, key, value);
        foreach (var (key, value) in other.CostByModel)
            Add(CostByModel, key, value);
        foreach (var (key, value) in other.CostByTenant)
            Add(CostByTenant, key, value);
        foreach (var (key, value) in other.Durations)
            Add(Durations, key, value);
        foreach (var (key, value) in other.Errors)
            Add(Errors, key, value);
        Calls += other.Calls;
        Refused += other.Refused;
        Rate = Math.Max(Rate, other.Rate);
    }

    /// <summary>Adds to an entry, which begins at 0.</summary>
    public static void Add<TKey, T>(Dictionary<TKey, T> counts, TKey key, T value)
        where TKey : notnull
        where T : struct, System.Numerics.INumber<T> => counts[key] = counts.GetValueOrDefault(key) + value;
}
