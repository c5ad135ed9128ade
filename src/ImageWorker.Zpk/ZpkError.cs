namespace ImageWorker.Zpk;

/// <summary>
/// One entry of the API's <c>errors</c> list, whatever its id. The credentials are masked in its texts, control
/// characters are written out, and what is too long is cut.
/// </summary>
/// <param name="Id">Such as <c>INVALID_PARAMETER</c>; empty where ZPK sent none. At most 64 characters.</param>
/// <param name="Message">For people; empty where ZPK sent none. At most 1,000 characters.</param>
/// <param name="On">The parameter it is about, such as <c>prompt</c>; null where ZPK sent none. At most 64 characters.</param>
public sealed record ZpkError(string Id, string Message, string? On)
{
    /// <summary>
    /// Whether the error is about the credentials. The ids on the wire are not documented; the vendor's SDK tells
    /// an invalid application id or key and a deactivated or deleted application apart, so an id naming either
    /// counts, as does <see cref="On"/> being one of the two parameters.
    /// </summary>
    public bool IsAboutCredentials { get; init; } = NamesCredentials(Id, On);

    /// <summary>
    /// Whether the error is about the account's money, and so about every call: its id is one of
    /// <see cref="ZpkOptions.AccountErrorIds"/>, or it came with HTTP 402. Default false.
    /// </summary>
    public bool IsAboutAccount { get; init; }

    /// <summary>Whether two ids are the same but for case and what stands between words; an empty one is no id.</summary>
    internal static bool IsSameId(string one, string other) =>
        Letters(one) is { Length: > 0 } letters && letters.Equals(Letters(other), StringComparison.OrdinalIgnoreCase);

    private static bool NamesCredentials(string id, string? on) =>
        on is "application_id" or "api_key"
        || (
            Letters(id) is var letters
            && (
                letters.Contains("application", StringComparison.OrdinalIgnoreCase)
                || letters.Contains("apikey", StringComparison.OrdinalIgnoreCase)
            )
        );

    private static string Letters(string id) => string.Concat(id.Where(char.IsAsciiLetter));
}

/// <summary>Questions to a whole <c>errors</c> list.</summary>
public static class ZpkErrors
{
    /// <summary>Whether any error of the list is about the application id or the API key.</summary>
    public static bool AreAboutCredentials(this IEnumerable<ZpkError> errors) =>
        errors.Any(error => error.IsAboutCredentials);

    /// <summary>Whether any error of the list is about the account's money: no call will do until somebody pays.</summary>
    public static bool AreAboutAccount(this IEnumerable<ZpkError> errors) => errors.Any(error => error.IsAboutAccount);

    /// <summary>Whether any error of the list is about who asks, and not about what is asked.</summary>
    public static bool AreAboutCaller(this IReadOnlyCollection<ZpkError> errors) =>
        errors.AreAboutCredentials() || errors.AreAboutAccount();
}
