using ImageWorker.Requests;
using MassTransit;

namespace ImageWorker.Storage;

/// <summary>
/// The result of one step of a request. Its row, ledger note and events are one commit. The work that it hands on
/// begins after the commit. If this process dies before it does that work, the request's timer repeats it.
/// </summary>
public sealed class UnitOfWork
{
    /// <summary>The request as the step left it; null if there is none and the step makes none.</summary>
    public ImageRequest? Request { get; private set; }

    public RowChange Change { get; private set; }

    /// <summary>The row's version when it was loaded. The save fails if the row has another one by then.</summary>
    public int SeenVersion { get; private set; }

    /// <summary>The step's one time, in whole microseconds as PostgreSQL keeps them.</summary>
    public DateTimeOffset Now { get; init; }

    /// <summary>The step's verdict on its message. The first guard makes it, the others read it.</summary>
    public object? Verdict { get; set; }

    /// <summary>The ledger note that came with the step's message; null for none.</summary>
    public LedgerNote? Ledger { get; init; }

    /// <summary>The W3C <c>traceparent</c> that a command came with, or its span's; null if nobody traces.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The W3C <c>tracestate</c> that belongs to it; null for none.</summary>
    public string? TraceState { get; init; }

    /// <summary>True if a new request meets others that wait, so that it waits for its first turn too.</summary>
    public bool MustWait { get; init; }

    /// <summary>True if the command is refused. A request that it names is not touched.</summary>
    public bool IsRefusal { get; set; }

    /// <summary>What the step adds to the sums of costs: set by the one that closes the request.</summary>
    public ClosedCost? Closed { get; set; }

    public List<OutboxMessage> Events { get; } = [];

    /// <summary>Calls for this process to make.</summary>
    public List<IZpkCall> Work { get; } = [];

    /// <summary>Counts and logs what has happened: a step that fails or runs again must not tell of it before.</summary>
    public List<Action> AfterCommit { get; } = [];

    public bool HasChanges => Change is not RowChange.None || Ledger is not null || Events.Count > 0;

    public void Load(ImageRequest request) => (Request, SeenVersion) = (request, request.Version);

    public void Insert(ImageRequest request) => (Request, Change) = (request, RowChange.Insert);

    /// <summary>A step that only took note leaves the version unchanged, and writes nothing.</summary>
    public void Update()
    {
        if (Request!.Version != SeenVersion)
            Change = RowChange.Update;
    }
}

/// <summary>How a step changes a request's row.</summary>
public enum RowChange
{
    None,
    Insert,
    Update,
}

public static class UnitOfWorkExtensions
{
    /// <summary>The unit of work of the message being handled.</summary>
    public static UnitOfWork UnitOfWork(this PipeContext context) =>
        context.TryGetPayload<UnitOfWork>(out var unit)
            ? unit
            : throw new InvalidOperationException("Requests change in a unit of work only.");

    /// <summary>The step's one time.</summary>
    public static DateTimeOffset Now(this PipeContext context) => context.UnitOfWork().Now;

    /// <summary>The ids of the requests that these units insert.</summary>
    public static List<Guid> AddedIds(this IEnumerable<UnitOfWork> units) =>
        [.. units.Where(unit => unit.Change is RowChange.Insert).Select(unit => unit.Request!.CorrelationId)];

    /// <summary>Runs this once the step is committed.</summary>
    public static void AfterCommit(this PipeContext context, Action action) =>
        context.UnitOfWork().AfterCommit.Add(action);
}
