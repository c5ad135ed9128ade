namespace ImageWorker.Storage;

/// <summary>Where the database's history stands: one row that all workers share.</summary>
public sealed class TimelineRow
{
    /// <summary>The id of the only row.</summary>
    public const int OnlyId = 1;

    public int Id { get; set; }

    /// <summary>PostgreSQL's system identifier as a worker last saw it; empty where it is not known.</summary>
    public string SystemId { get; set; } = "";

    /// <summary>PostgreSQL's timeline, as its files are named; empty where it is not known.</summary>
    public string Timeline { get; set; } = "";

    /// <summary>When it was last seen that commits may be forgotten, by the lease clock; null for never.</summary>
    public DateTimeOffset? ForgotAt { get; set; }

    /// <summary>Until then every new submission is looked up before it is paid for.</summary>
    public DateTimeOffset? LookUpUntil { get; set; }
}

/// <summary>The database's history, as one look found it.</summary>
/// <param name="SystemId">PostgreSQL's system identifier; empty if the role may not read it, and without PostgreSQL.</param>
/// <param name="Timeline">Its timeline; empty on a standby, and without PostgreSQL.</param>
/// <param name="Position">How far its log is written, in bytes; null where there is none.</param>
/// <param name="Now">The lease clock.</param>
/// <param name="Row">What is stored.</param>
/// <param name="Standbys">What receives its log.</param>
public sealed record TimelineLook(
    string SystemId,
    string Timeline,
    long? Position,
    DateTimeOffset Now,
    TimelineRow Row,
    Standbys Standbys
)
{
    /// <summary>The monotonic counter right after the look.</summary>
    public long LookedAt { get; init; }
}

/// <summary>The standbys that receive the database's log.</summary>
/// <param name="Attached">How many there are, as far as it can be seen.</param>
/// <param name="Visible">How many of them show how far they are. The role needs <c>pg_monitor</c> for that.</param>
/// <param name="Reached">How far the first of these has stored the log, in bytes; null for none.</param>
public sealed record Standbys(int Attached, int Visible, long? Reached)
{
    public static readonly Standbys None = new(0, 0, null);
}
