namespace ImageWorker.Operations;

/// <summary>A request as a list shows it; never its prompt.</summary>
/// <param name="Id">The request's id.</param>
/// <param name="State">One of the state machine's states, or <see cref="Requests.RequestTurns.Waiting"/>.</param>
/// <param name="Outcome">Once closed: <c>ready</c>, or why it failed.</param>
/// <param name="Images">How many were asked for.</param>
/// <param name="Generated">How many were generated.</param>
/// <param name="Cost">EUR so far; null where any part is unknown.</param>
/// <param name="RequestedAt">When the command came.</param>
/// <param name="DueAt">When it next needs attention; null once closed, and while it waits for its turn.</param>
/// <param name="ClosedAt">When it was closed, or null.</param>
/// <param name="Tenant">The tenant whose turns it takes; <c>default</c> for none.</param>
/// <param name="Priority"><c>high</c>, <c>normal</c> or <c>low</c>.</param>
public sealed record RequestSummary(
    Guid Id,
    string State,
    string? Outcome,
    int Images,
    int Generated,
    decimal? Cost,
    DateTimeOffset RequestedAt,
    DateTimeOffset? DueAt,
    DateTimeOffset? ClosedAt,
    string Tenant,
    string Priority
)
{
    /// <summary>The command's model; null for a request of an earlier version.</summary>
    public string? Model { get; init; }

    /// <summary>The numbers of the images that have a picture.</summary>
    public IReadOnlyList<int> Thumbnails { get; init; } = [];
}
