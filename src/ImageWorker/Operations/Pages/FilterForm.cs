using System.Globalization;
using ImageWorker.Operations.Api;

namespace ImageWorker.Operations.Pages;

/// <summary>The filter of the requests' page, as its form sends it: a field that was left empty asks for nothing.</summary>
public static class FilterForm
{
    public static RequestFilter Read(IQueryCollection query)
    {
        return new()
        {
            Id = Of("id"),
            State = Of("state"),
            Outcome = Of("outcome"),
            Tenant = Of("tenant"),
            Priority = Of("priority"),
            Model = Of("model"),
            Metadata = Of("metadata"),
            Error = Of("error"),
            OlderThan = Of("olderThan"),
            NewerThan = Of("newerThan"),
            MinCost = Eur("minCost"),
            MaxCost = Eur("maxCost"),
        };

        string? Of(string name) => query[name].ToString().Trim() is { Length: > 0 } text ? text : null;

        decimal? Eur(string name) =>
            decimal.TryParse(Of(name), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var eur)
                ? eur
                : null;
    }

    /// <summary>The page's own address with another <c>after</c>.</summary>
    public static string Address(IQueryCollection query, string? after) =>
        "?"
        + string.Join(
            '&',
            query
                .Where(field => field.Key != "after" && !string.IsNullOrWhiteSpace(field.Value))
                .Select(field => (field.Key, Value: $"{field.Value}"))
                .Concat(after is null ? [] : [(Key: "after", Value: after)])
                .Select(field => $"{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(field.Value)}")
        );
}
