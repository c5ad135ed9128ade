namespace ImageWorker.Operations.Pages;

/// <summary>One line, or one part of each column, of a plot.</summary>
/// <param name="Name">For people.</param>
/// <param name="Kind">How it looks: a class of the stylesheet.</param>
/// <param name="Values">A value a point; null for none.</param>
/// <param name="Total">The sum, for people; null where a sum says nothing.</param>
public sealed record PlotSeries(string Name, string Kind, IReadOnlyList<double?> Values, string? Total = null);
