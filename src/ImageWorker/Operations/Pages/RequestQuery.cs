using ImageWorker.Requests;

namespace ImageWorker.Operations.Pages;

/// <summary>What the form of the requests' page asks for, as it was typed. Its names are those of <c>requests list</c>.</summary>
public sealed record RequestQuery(
    string? Id,
    string? State,
    string? Outcome,
    string? Tenant,
    string? OlderThan,
    string? NewerThan
)
{
    /// <summary>The search for it; or what is wrong with it, for people.</summary>
    public (RequestSearch? Search, string? Problem) Read(DateTimeOffset now)
    {
        if (Given(State) is { } state && !RequestSearch.States.Contains(state, StringComparer.OrdinalIgnoreCase))
            return (null, $"There is no state of that name. There are: {string.Join(", ", RequestSearch.States)}.");
        if (Given(Outcome) is { } outcome && !RequestOutcome.All.Contains(outcome, StringComparer.OrdinalIgnoreCase))
            return (null, $"There is no outcome of that name. There are: {string.Join(", ", RequestOutcome.All)}.");
        var older = TimeSpan.Zero;
        var newer = TimeSpan.Zero;
        if (
            (Given(OlderThan) is { } given && !AgeText.TryParse(given, out older))
            || (Given(NewerThan) is { } other && !AgeText.TryParse(other, out newer))
        )
            return (null, "An age is a number with s, m, h or d, such as 15m.");
        return (
            new(
                Given(State),
                Given(Outcome),
                Given(NewerThan) is null ? null : now - newer,
                Given(OlderThan) is null ? null : now - older,
                Given(Tenant)
            ),
            null
        );
    }

    /// <summary>A field that was left empty asks for nothing.</summary>
    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
