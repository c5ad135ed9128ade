namespace ImageWorker.ZpkSimulator.Callbacks;

/// <summary>What became of the callbacks.</summary>
/// <param name="Sent">Answered with a 2xx; a duplicate counts again.</param>
/// <param name="Lost">Not sent, as the options ask.</param>
/// <param name="Failed">Not answered, or with another status.</param>
public sealed record CallbackCounts(long Sent, long Lost, long Failed);
