namespace ImageWorker.Zpk;

/// <summary>One entry of the API's <c>errors</c> list, passed on as it came, whatever its id.</summary>
/// <param name="Id">Such as <c>INVALID_PARAMETER</c>; empty where ZPK sent none.</param>
/// <param name="Message">For people; empty where ZPK sent none. The credentials are masked in it.</param>
/// <param name="On">The parameter it is about, such as <c>prompt</c>; null where ZPK sent none.</param>
public sealed record ZpkError(string Id, string Message, string? On)
{
    /// <summary>
    /// Whether the error is about the credentials. The ids on the wire are not documented; the vendor's SDK tells
    /// an invalid application id or key and a deactivated or deleted application apart, so an id naming either
    /// counts, as does <see cref="On"/> being one of the two parameters.
    /// </summary>
    public bool IsAboutCredentials =>
        On is "application_id" or "api_key"
        || Letters(Id) is var id
            && (
                id.Contains("application", StringComparison.OrdinalIgnoreCase)
                || id.Contains("apikey", StringComparison.OrdinalIgnoreCase)
            );

    private static string Letters(string id) => string.Concat(id.Where(char.IsAsciiLetter));
}

/// <summary>Questions to a whole <c>errors</c> list.</summary>
public static class ZpkErrors
{
    /// <summary>Whether any error of the list is about the application id or the API key.</summary>
    public static bool AreAboutCredentials(this IEnumerable<ZpkError> errors) =>
        errors.Any(error => error.IsAboutCredentials);
}
