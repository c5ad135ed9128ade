using ImageWorker.Requests;
using MassTransit;

namespace ImageWorker.Storage;

/// <summary>
/// What one step of a request leads to: its row, what the ledger notes and the events it publishes are one commit. The
/// work it hands on begins after that, and the request's timer stands in for it should this process not live to do it.
/// </summary>
public sealed class UnitOfWork
{
    /// <summary>The request as the step left it; null where it has none and gets none.</summary>
    public ImageRequest? Request { get; private set; }

    public RowChange Change { get; private set; }

    /// <summary>The row's version when it was loaded: the save fails if it is another one by then.</summary>
    public int SeenVersion { get; private set; }

    /// <summary>The one time that the step goes by, in whole microseconds as PostgreSQL keeps them.</summary>
    public DateTimeOffset Now { get; init; }

    /// <summary>What the step found its message to be; made by its first guard, read by the others.</summary>
    public object? Verdict { get; set; }

    /// <summary>What the step's message says of the ledger, if anything.</summary>
    public LedgerNote? Ledger { get; init; }

    /// <summary>The W3C <c>traceparent</c> that a command came with, or its span's; null where nobody traces.</summary>
    public string? TraceParent { get; init; }

    /// <summary>True for a command that is refused; the request that it names, if there is one, is not touched.</summary>
    public bool IsRefusal { get; set; }

    public List<OutboxMessage> Events { get; } = [];

    /// <summary>Calls for this process to make.</summary>
    public List<IZpkCall> Work { get; } = [];

    /// <summary>Counting, above all, which a step that is run again must not do twice.</summary>
    public List<Action> AfterCommit { get; } = [];

    public bool HasChanges => Change is not RowChange.None || Ledger is not null || Events.Count > 0;

    public void Load(ImageRequest request) => (Request, SeenVersion) = (request, request.Version);

    public void Insert(ImageRequest request) => (Request, Change) = (request, RowChange.Insert);

    /// <summary>A step that only took note leaves the version as it was, and writes nothing.</summary>
    public void Update()
    {
        if (Request!.Version != SeenVersion)
            Change = RowChange.Update;
    }
}

/// <summary>What becomes of a request's row.</summary>
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

    /// <summary>The time that the step goes by.</summary>
    public static DateTimeOffset Now(this PipeContext context) => context.UnitOfWork().Now;

    /// <summary>The ids of the requests that are taken for new.</summary>
    public static List<Guid> AddedIds(this IEnumerable<UnitOfWork> units) =>
        [.. units.Where(unit => unit.Change is RowChange.Insert).Select(unit => unit.Request!.CorrelationId)];

    /// <summary>Has this done once the step is committed.</summary>
    public static void AfterCommit(this PipeContext context, Action action) =>
        context.UnitOfWork().AfterCommit.Add(action);
}
