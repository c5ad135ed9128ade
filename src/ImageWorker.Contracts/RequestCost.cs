using System.Text.Json.Serialization;

namespace ImageWorker.Contracts;

/// <summary>What a request cost. Exact decimals as ZPK reported them; what it did not report is null, never 0.</summary>
public sealed record RequestCost
{
    /// <summary>Sum over all submissions; null if the cost of any of them is unknown.</summary>
    public required decimal? Total { get; init; }

    /// <summary>Always <c>EUR</c>.</summary>
    public string Currency { get; init; } = "EUR";

    /// <summary>
    /// EUR by the price table for everything that was, or may have been, submitted. For a request that was refused for
    /// its budget: what it would have cost. Null if the table has no price.
    /// </summary>
    public required decimal? Estimated { get; init; }

    /// <summary>Every paid call, in the order made.</summary>
    public required IReadOnlyList<SubmissionCost> Submissions { get; init; }
}

/// <summary>What one paid call cost.</summary>
public sealed record SubmissionCost
{
    /// <summary>The id under which ZPK knows it.</summary>
    public required string UniqueRequestId { get; init; }

    /// <summary>The request's images that it was for.</summary>
    public required IReadOnlyList<int> ImageNumbers { get; init; }

    /// <summary>EUR as ZPK last reported it; null if it reported none.</summary>
    public required decimal? Cost { get; init; }

    /// <summary>Whether ZPK took it.</summary>
    public required SubmissionOutcome Outcome { get; init; }
}

/// <summary>How a submission ended. Travels in camelCase.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SubmissionOutcome>))]
public enum SubmissionOutcome
{
    /// <summary>ZPK accepted it, and charges for it.</summary>
    [JsonStringEnumMemberName("accepted")]
    Accepted,

    /// <summary>ZPK refused it: nothing was done, nothing is charged.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>It was not sent, or provably did not arrive: nothing is charged.</summary>
    [JsonStringEnumMemberName("notSent")]
    NotSent,

    /// <summary>It may have been accepted and charged; ZPK could not be asked in time.</summary>
    [JsonStringEnumMemberName("unresolved")]
    Unresolved,
}
