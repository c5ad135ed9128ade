using System.ComponentModel;
using ImageWorker.Requests;

namespace ImageWorker.Operations.Api;

/// <summary>What a list of requests is narrowed down by: the options of <c>requests list</c>, in a query or a body.</summary>
public record RequestFilter
{
    [Description("The request's id, or its first four or more letters and digits")]
    public string? Id { get; init; }

    [Description("open, waiting, submitting, generating, closing, closed or withdrawn")]
    public string? State { get; init; }

    [Description("ready, or why it failed")]
    public string? Outcome { get; init; }

    [Description("The tenant whose turns it takes; default for none")]
    public string? Tenant { get; init; }

    [Description("high, normal or low")]
    public string? Priority { get; init; }

    [Description("The command's model")]
    public string? Model { get; init; }

    [Description("The command's value of the key Operations:SearchableMetadata")]
    public string? Metadata { get; init; }

    [Description("The id of an error that one of its images ended with; closed requests")]
    public string? Error { get; init; }

    [Description("Whose command came longer ago: 90s, 15m, 12h, 7d")]
    public string? OlderThan { get; init; }

    [Description("Whose command came since: 90s, 15m, 12h, 7d")]
    public string? NewerThan { get; init; }

    [Description("EUR; closed requests whose cost is known")]
    public decimal? MinCost { get; init; }

    [Description("EUR; closed requests whose cost is known")]
    public decimal? MaxCost { get; init; }

    /// <summary>The search, or what is wrong with the filter.</summary>
    public (RequestSearch? Search, string? Problem) Parse(SearchableMetadata searchable, DateTimeOffset now)
    {
        var (older, newer) = (TimeSpan.Zero, TimeSpan.Zero);
        var id = Id is null ? null : RequestIdText.TryParse(Id);
        var problem =
            Id is not null && id is null
                ? $"id is '{Id}': write a UUID, or its first {RequestIdText.Least} or more letters and digits."
            : new[] { Tenant, Model, Metadata, Error }.Any(text =>
                text?.Contains('\0', StringComparison.Ordinal) is true
            )
                ? "A text of the filter has a NUL in it, which no stored text has: leave it out."
            : IsNone(State, RequestSearch.States)
                ? $"state is '{State}': write one of {string.Join(", ", RequestSearch.States)}."
            : IsNone(Outcome, RequestOutcome.All)
                ? $"outcome is '{Outcome}': write one of {string.Join(", ", RequestOutcome.All)}."
            : IsNone(Priority, RequestTurns.Priorities)
                ? $"priority is '{Priority}': write one of {string.Join(", ", RequestTurns.Priorities)}."
            : OlderThan is not null && !AgeText.TryParse(OlderThan, out older) ? Age("olderThan", OlderThan)
            : NewerThan is not null && !AgeText.TryParse(NewerThan, out newer) ? Age("newerThan", NewerThan)
            : Metadata is not null && searchable.Key is not { Length: > 0 }
                ? "metadata finds nothing: set Operations:SearchableMetadata to the key whose values are searched for."
            : null;
        return problem is not null
            ? (null, problem)
            : (
                new(
                    State,
                    Outcome,
                    NewerThan is null ? null : now - newer,
                    OlderThan is null ? null : now - older,
                    Tenant,
                    RequestTurns.PriorityOf(Priority?.ToLowerInvariant())
                )
                {
                    Id = id,
                    Model = Model,
                    Metadata = Metadata,
                    Error = Error,
                    MinCost = MinCost,
                    MaxCost = MaxCost,
                },
                null
            );
    }

    private static bool IsNone(string? word, IEnumerable<string> words) =>
        word is not null && !words.Contains(word, StringComparer.OrdinalIgnoreCase);

    private static string Age(string name, string text) =>
        $"{name} is '{text}': write a number with s, m, h or d, such as 15m.";
}
