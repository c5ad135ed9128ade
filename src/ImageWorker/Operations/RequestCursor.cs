using System.Globalization;
using ImageWorker.Requests;

namespace ImageWorker.Operations;

/// <summary>The parts of a list of requests, in its order.</summary>
public enum RequestSection
{
    Unfinished,
    Withdrawn,
    Closed,
}

/// <summary>Where a page of requests ended.</summary>
/// <param name="Section">The part of the list.</param>
/// <param name="At">By what that part is ordered: when the command came, or when the request was closed.</param>
/// <param name="Id">The request.</param>
public sealed record RequestCursor(RequestSection Section, DateTimeOffset At, Guid Id)
{
    public static RequestCursor Of(RequestSummary request) =>
        request.ClosedAt is { } closedAt ? new(RequestSection.Closed, closedAt, request.Id)
        : request.State == RequestStates.Withdrawn ? new(RequestSection.Withdrawn, request.RequestedAt, request.Id)
        : new(RequestSection.Unfinished, request.RequestedAt, request.Id);

    /// <summary>Null if it is none of ours.</summary>
    public static RequestCursor? TryParse(string text) =>
        text.Split('.') is [var section, var ticks, var id]
        && Enum.TryParse<RequestSection>(section, ignoreCase: true, out var known)
        && Enum.IsDefined(known)
        && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
        && at <= DateTimeOffset.MaxValue.UtcTicks
        && Guid.TryParseExact(id, "N", out var last)
            ? new(known, new(at, TimeSpan.Zero), last)
            : null;

    /// <summary>As a text of letters, digits and dots.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Section}.{At.UtcTicks}.{Id:n}").ToLowerInvariant();
}
