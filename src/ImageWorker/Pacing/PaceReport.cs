namespace ImageWorker.Pacing;

/// <summary>What one worker saw since its last exchange. Times are by the database's clock.</summary>
/// <param name="Worker">The worker, by an id of its process.</param>
public sealed record PaceReport(Guid Worker)
{
    /// <summary>When calls began that were not reported yet.</summary>
    public IReadOnlyList<DateTimeOffset> Begun { get; init; } = [];

    /// <summary>The answers 429 that were not reported yet. A refused call is reported as begun, too.</summary>
    public IReadOnlyList<PaceRefusal> Refused { get; init; } = [];

    /// <summary>Calls under way now.</summary>
    public int UnderWay { get; init; }

    /// <summary>
    /// Calls that could begin now, but for a slot or for the number of calls at once. Calls that wait for anything else,
    /// such as a connection of this worker, are not among them: they would leave slots unused.
    /// </summary>
    public int Wanted { get; init; }
}

/// <summary>One answer 429.</summary>
/// <param name="Begun">When the call began.</param>
/// <param name="RetryAfter">What the API asked for. Null, zero and less: nothing, which counts as a second.</param>
public sealed record PaceRefusal(DateTimeOffset Begun, TimeSpan? RetryAfter);

/// <summary>Ceilings for all workers together. Null: none.</summary>
/// <param name="PerSecond">Calls a second. With zero no call begins.</param>
/// <param name="AtOnce">Calls under way. With zero no call begins.</param>
public sealed record PaceLimits(double? PerSecond, int? AtOnce);
