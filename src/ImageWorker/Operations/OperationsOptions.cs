using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Operations;

/// <summary>
/// Who may look at the operations endpoints, and who may act there (see <see cref="OperationsKey"/>); section
/// <c>Operations</c>.
/// </summary>
public sealed class OperationsOptions : IValidatableObject
{
    public const string Section = "Operations";

    /// <summary>
    /// The key of those who may look and act. They show it as <c>Authorization: Bearer KEY</c>. At least 16 characters.
    /// Default none: then nobody may act.
    /// </summary>
    [MinLength(16, ErrorMessage = "must have at least 16 characters")]
    public string? Key { get; set; }

    /// <summary>A file that holds the key; read at every call, so that it can be replaced. Default none.</summary>
    public string? KeyFile { get; set; }

    /// <summary>
    /// The key of those who may look and not act. At least 16 characters, and not <see cref="Key"/>. Default none. With
    /// neither key, a worker that listens on loopback alone lets local callers look.
    /// </summary>
    [MinLength(16, ErrorMessage = "must have at least 16 characters")]
    public string? ViewKey { get; set; }

    /// <summary>A file that holds the view key; read at every call. Default none.</summary>
    public string? ViewKeyFile { get; set; }

    /// <summary>
    /// The key of the commands' metadata whose values requests are searched by, such as <c>order</c>. It holds for requests
    /// that come from then on. Default none.
    /// </summary>
    public string? SearchableMetadata { get; set; }

    /// <summary>
    /// Where a request's trace is shown, with <c>{traceId}</c> in its place, such as
    /// <c>http://localhost:16686/trace/{traceId}</c>. Default none: then pages name the trace and link to nothing.
    /// </summary>
    public string? TraceUrl { get; set; }

    internal bool IsSet => new[] { Key, KeyFile, ViewKey, ViewKeyFile }.Any(value => !string.IsNullOrEmpty(value));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (
            var problem in Problems(nameof(Key), Key, KeyFile).Concat(Problems(nameof(ViewKey), ViewKey, ViewKeyFile))
        )
            yield return new(problem);
        if (CurrentKey() is { } key && key == CurrentViewKey())
            yield return new(
                "Operations:ViewKey is the same as Operations:Key: who may only look must not have the key of those who act"
            );
        if (
            !string.IsNullOrEmpty(TraceUrl)
            && !(
                TraceUrl.Contains("{traceId}", StringComparison.Ordinal)
                && Uri.TryCreate(
                    TraceUrl.Replace("{traceId}", "0", StringComparison.Ordinal),
                    UriKind.Absolute,
                    out var uri
                )
                && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            )
        )
            yield return new("Operations:TraceUrl must be an http or https address with {traceId} in it");
    }

    /// <summary>The key as of now; null where there is none, or where its file cannot be read or is empty.</summary>
    internal string? CurrentKey() => Current(Key, KeyFile);

    /// <summary>The view key likewise.</summary>
    internal string? CurrentViewKey() => Current(ViewKey, ViewKeyFile);

    private static IEnumerable<string> Problems(string name, string? key, string? file)
    {
        if (string.IsNullOrEmpty(file))
            yield break;
        if (!string.IsNullOrEmpty(key))
            yield return $"{Section}:{name} and {Section}:{name}File are both set: keep one";
        else if (Current(key, file) is null)
            yield return $"{Section}:{name}File must be a readable file that holds the key";
    }

    private static string? Current(string? key, string? file)
    {
        if (string.IsNullOrEmpty(file))
            return string.IsNullOrEmpty(key) ? null : key;
        try
        {
            return File.ReadAllText(file).Trim() is { Length: > 0 } read ? read : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
