using ImageWorker.Requests;
using ImageWorker.Storage;

namespace ImageWorker.Submission;

/// <summary>
/// Whose turn is next, as far as this process has seen. Priorities share the turns by their weights. Within one, tenants take
/// turns. Each process keeps its own order: if each is fair, all of them together are. Not thread-safe.
/// </summary>
public sealed class TurnOrder
{
    private readonly Line[] _lines = [.. Enum.GetValues<RequestPriority>().Select(priority => new Line(priority))];

    /// <summary>Where each priority stands.</summary>
    public IReadOnlyList<TurnLine> Lines =>
        [.. _lines.Select(line => new TurnLine(line.Priority, line.Passed, line.Stride, line.LastTenant))];

    /// <summary>Notes whose turns came, in their order.</summary>
    public void Note(IEnumerable<(RequestPriority Priority, string Tenant)> turns)
    {
        var last = 0d;
        foreach (var (priority, tenant) in turns)
        {
            var line = Array.Find(_lines, line => line.Priority == priority)!;
            line.Passed += line.Stride;
            line.LastTenant = tenant;
            last = Math.Max(last, line.Passed);
        }
        // Who did not wait saves no turns for later.
        foreach (var line in _lines)
            line.Passed = Math.Max(line.Passed, last - line.Stride);
    }

    private sealed class Line(RequestPriority priority)
    {
        public RequestPriority Priority => priority;
        public double Stride { get; } = 1d / priority.Weight();
        public double Passed { get; set; }
        public string LastTenant { get; set; } = "";
    }
}
