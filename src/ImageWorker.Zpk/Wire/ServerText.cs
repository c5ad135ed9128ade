namespace ImageWorker.Zpk.Wire;

/// <summary>
/// The one place through which everything passes that a server wrote, before it is kept, shown or logged: the
/// credentials are masked, what would act on a terminal or mislead the eye is written out, and the rest is cut.
/// </summary>
internal sealed class ServerText(ZpkOptions options, Credentials? credentials)
{
    /// <summary>How much of a text is looked at, in characters: twice the longest address.</summary>
    public const int LongestRead = 4096;

    private const int LongestWord = 64;
    private const int LongestMessage = 1000;

    // Shorter ones are development values, and would mask ordinary words of a message. So is one that names the API's
    // host, which every address of a picture may hold.
    private const int ShortestMasked = 8;

    private readonly SecretWord[] _secrets = Words(options, credentials?.ApiKey, options.ApplicationId);

    /// <summary>The address of a picture may name the application; the key never may stand there.</summary>
    private readonly SecretWord[] _keys = Words(options, credentials?.ApiKey);

    /// <summary>An id or another single word, of at most 64 characters.</summary>
    public string Word(string text) => Clean(text, LongestWord);

    /// <summary>A text for people, in one line of at most 1,000 characters.</summary>
    public string Message(string text) => Clean(text, LongestMessage);

    /// <summary>What keeps a text from being used as an id of a submission; null where it will do.</summary>
    public string? ProblemOfId(string id) =>
        id.Length > LongestWord ? $"is longer than {LongestWord} characters"
        : !id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
            ? "has other characters than letters, digits, '-' and '_'"
        : HoldsSecret(id) ? "holds the API key or the application id"
        : null;

    /// <summary>What keeps a text from being passed on as the address of a picture; null where it will do.</summary>
    public string? ProblemOfUrl(string url) =>
        PictureAddress.Problem(url, options.BaseAddress)
        ?? (Array.Exists(_keys, key => key.IsIn(url)) ? "holds the API key" : null);

    private static SecretWord[] Words(ZpkOptions options, params string?[] secrets) =>
        [
            .. secrets
                .OfType<string>()
                .Where(secret =>
                    secret.Length >= ShortestMasked
                    && !options.BaseAddress.Host.Contains(secret, StringComparison.OrdinalIgnoreCase)
                )
                .Select(secret => new SecretWord(secret)),
        ];

    private bool HoldsSecret(string text) => Array.Exists(_secrets, secret => secret.IsIn(text));

    private string Clean(string text, int longest) => ShownText.Of(Masked(text), longest);

    private string Masked(string text)
    {
        var looked = text.Length > LongestRead ? text[..LongestRead] : text;
        var masked = _secrets.Aggregate(looked, (part, secret) => secret.Mask(part));
        if (looked.Length < LongestRead)
            return masked;
        // The end may hold the beginning of a secret.
        var doubtful = _secrets.Sum(secret => secret.LongestSpelling);
        return masked[..Math.Max(0, masked.Length - doubtful)];
    }
}
