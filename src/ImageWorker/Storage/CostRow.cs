using ImageWorker.Requests;

namespace ImageWorker.Storage;

/// <summary>Sums over the requests of one day, model, quality, tenant and outcome. They outlive the requests.</summary>
public sealed class CostRow
{
    /// <summary>The slot of sums that change no more.</summary>
    public const short Settled = 0;

    /// <summary>
    /// How many rows share the sums of a day that still change. Many closings would wait for each other at one row.
    /// </summary>
    public const int Slots = 8;

    /// <inheritdoc cref="ClosedCost.Day"/>
    public DateOnly Day { get; set; }

    public string Model { get; set; } = "";

    public string Quality { get; set; } = "";

    public string Tenant { get; set; } = "";

    public string Outcome { get; set; } = "";

    /// <summary>Tells the rows apart that share the sums: <see cref="Slots"/>.</summary>
    public short Slot { get; set; }

    /// <summary>How many requests were closed.</summary>
    public long Requests { get; set; }

    /// <summary>How many images were generated.</summary>
    public long Images { get; set; }

    /// <inheritdoc cref="ClosedCost.Cost"/>
    public decimal Cost { get; set; }

    /// <inheritdoc cref="ClosedCost.Wasted"/>
    public decimal Wasted { get; set; }

    /// <summary>How many of the requests may have cost more than ZPK stated.</summary>
    public long Unknown { get; set; }

    public void Add(ClosedCost cost)
    {
        Requests++;
        Images += cost.Images;
        Cost += cost.Cost;
        Wasted += cost.Wasted;
        Unknown += cost.IsUnknown ? 1 : 0;
    }
}
