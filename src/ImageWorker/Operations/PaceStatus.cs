using System.Globalization;
using ImageWorker.Pacing;
using ImageWorker.Storage;

namespace ImageWorker.Operations;

/// <summary>How fast ZPK is called, by all workers together.</summary>
/// <param name="Rate">Calls a second that are kept to; null while no limit is known.</param>
/// <param name="RefusedShare">The share of the last minute's calls that ZPK refused with 429; 0 to 1.</param>
/// <param name="Ceiling">The operator's ceiling, in calls a second; null for none.</param>
/// <param name="PausedAt">Since when an operator holds back paid calls; null while they are made.</param>
/// <param name="PauseReason">Why, in the operator's words.</param>
/// <param name="Workers">Workers that took part in the last half minute.</param>
/// <param name="Waiting">Calls that wait in them for their turns.</param>
public sealed record PaceStatus(
    double? Rate,
    double RefusedShare,
    double? Ceiling,
    DateTimeOffset? PausedAt,
    string? PauseReason,
    int Workers,
    int Waiting
)
{
    /// <summary>Requests that wait in the database for their first turns.</summary>
    public int WaitingRequests { get; init; }

    public static PaceStatus Of(CallPaceRow row, DateTimeOffset now)
    {
        var facts = PaceController.Facts(PaceState.Parse(row.State), now);
        return new(
            facts.Rate,
            facts.RefusedInMinute,
            row.Ceiling,
            row.PausedAt,
            row.PauseReason,
            facts.Workers,
            facts.Wanted
        );
    }

    /// <summary>The same in words, for people.</summary>
    /// <param name="waiting">The calls that wait.</param>
    /// <param name="longest">How long the first of them has waited; null if it is not known.</param>
    public string Say(int waiting, TimeSpan? longest)
    {
        var takes = Rate is { } rate
            ? $"ZPK takes about {Calls(rate)} calls/s"
            : "No limit of ZPK's is known: calls begin as they come";
        var ceiling = Ceiling is { } most ? $"; an operator's ceiling is {Calls(most)} calls/s" : "";
        var waits = waiting == 0 ? "; none waits" : $"; {Readable.Count(waiting)} wait{(waiting == 1 ? "s" : "")}";
        var first = waiting > 0 && longest is { } wait ? $", the longest for {Readable.Span(wait)}" : "";
        return takes + ceiling + waits + first + ".";
    }

    /// <summary>A rate, with as many digits as matter.</summary>
    public static string Calls(double rate) => rate.ToString(rate < 10 ? "0.#" : "0", CultureInfo.InvariantCulture);
}
