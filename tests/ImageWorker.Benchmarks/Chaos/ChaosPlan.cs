namespace ImageWorker.Benchmarks.Chaos;

/// <summary>What a chaos run breaks. The seed fixes every choice; the machine's timing remains its own.</summary>
public sealed record ChaosPlan
{
    public required int Commands { get; init; }
    public required int Replicas { get; init; }

    /// <summary>How often each act is done.</summary>
    public required IReadOnlyDictionary<ChaosAct, int> Acts { get; init; }

    /// <summary>How long the first outage of each server takes; the others take 1 to 4 s.</summary>
    public required TimeSpan Outage { get; init; }

    /// <summary>How long commands are published and things are broken, but for the outages' own time.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The <c>ImageWorker.dll</c> of an older version that runs before, beside and after this one; null for none.</summary>
    public required string? Older { get; init; }

    public required int Seed { get; init; }

    /// <summary>Long enough for what is broken to be noticed in between, and for the commands to come at 20 a second.</summary>
    public static TimeSpan DurationFor(int commands, int acts) =>
        TimeSpan.FromSeconds(Math.Max(30, Math.Max(acts * 4, commands / 20)));
}
