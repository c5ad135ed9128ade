using ImageWorker.Requests;
using ImageWorker.Zpk;

namespace ImageWorker.Commands.Batches;

/// <summary>
/// Keeps a batch within its budget: each row's request gets a share as its own, by what it may cost. So the worker holds all
/// of them together, resends included.
/// </summary>
internal static class BatchBudget
{
    /// <summary>EUR, rounded down.</summary>
    private const decimal Finest = 0.000001m;

    /// <summary>The rows with their budgets. A row that was sent keeps the one that it was sent with.</summary>
    public static IReadOnlyList<BatchRow> Share(
        decimal? budget,
        IReadOnlyList<BatchRow> rows,
        ResultFile results,
        ZpkPrices prices
    )
    {
        var all = Estimate(rows, prices);
        return
        [
            .. rows.Select(row =>
            {
                var share = all > 0 ? Down(Estimate([row], prices) / all * budget) : null;
                var own = row.Command.MaxCost;
                var maxCost =
                    results.OpenBefore(row.Command.RequestId) is { } sent ? sent.MaxCost
                    : share is null ? own
                    : own is null ? share
                    : Math.Min(own.Value, share.Value);
                return row with { Command = row.Command with { MaxCost = maxCost } };
            }),
        ];
    }

    /// <summary>What the rows may cost by the price table; null if it has no price for one of them.</summary>
    public static decimal? Estimate(IEnumerable<BatchRow> rows, ZpkPrices prices) =>
        RequestCosts.SumOrUnknown(rows.Select(row => row.Command.Estimate(prices, row.Command.Count)));

    /// <summary>A share of all of it can be a hair less after the division.</summary>
    private static decimal? Down(decimal? share) =>
        share is { } eur ? Math.Floor((eur + Finest / 1000) / Finest) * Finest : null;
}
