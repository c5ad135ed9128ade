using ImageWorker.Requests;

namespace ImageWorker.Storage;

/// <summary>A request whose first turn has come.</summary>
/// <param name="Request">Its row. It waits no more, and its deadline runs.</param>
/// <param name="LeaseUntil">The end of its claim's lease, by <see cref="WorkerContext.LeaseClockAsync"/>.</param>
public sealed record PickedRequest(ImageRequest Request, DateTimeOffset LeaseUntil)
{
    /// <summary>The monotonic counter right before the claim.</summary>
    public long ClaimedAt { get; init; }

    /// <summary>When its call may begin; null for at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }
}

/// <summary>Where the turns of one priority stand.</summary>
/// <param name="Priority">The priority.</param>
/// <param name="Passed">The turns it had, each counted as its <paramref name="Stride"/>. The least is next.</param>
/// <param name="Stride">The share of a turn: small for many turns.</param>
/// <param name="LastTenant">The tenant that had its last turn. The next one by name has the next.</param>
public sealed record TurnLine(RequestPriority Priority, double Passed, double Stride, string LastTenant);

/// <summary>What to pick.</summary>
/// <param name="Count">How many requests at most.</param>
/// <param name="Lines">Where the priorities stand.</param>
/// <param name="Claiming">How they are claimed. None is picked if the database is on another timeline.</param>
/// <param name="Room">How many of each tenant at most.</param>
public sealed record TurnPick(int Count, IReadOnlyList<TurnLine> Lines, Claiming Claiming, TenantRoom Room);

/// <summary>How many paid calls may begin now for each tenant.</summary>
/// <param name="ByTenant">Of those that had calls lately.</param>
/// <param name="Others">Of each other tenant.</param>
public sealed record TenantRoom(IReadOnlyDictionary<string, int> ByTenant, int Others)
{
    /// <summary>No tenant has a limit.</summary>
    public static readonly TenantRoom Unlimited = new(
        new Dictionary<string, int>(StringComparer.Ordinal),
        int.MaxValue
    );

    public int Of(string tenant) => ByTenant.TryGetValue(tenant, out var room) ? room : Others;
}
