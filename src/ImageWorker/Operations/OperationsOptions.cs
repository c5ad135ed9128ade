using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Operations;

/// <summary>Who may see the operations endpoints (see <see cref="OperationsKey"/>); section <c>Operations</c>.</summary>
public sealed class OperationsOptions : IValidatableObject
{
    public const string Section = "Operations";

    /// <summary>
    /// The key that callers show as <c>Authorization: Bearer KEY</c>, at least 16 characters. Default none: then only a
    /// worker that listens on loopback alone shows these endpoints.
    /// </summary>
    [MinLength(16, ErrorMessage = "must have at least 16 characters")]
    public string? Key { get; set; }

    /// <summary>A file that holds the key; read at every call, so that it can be replaced. Default none.</summary>
    public string? KeyFile { get; set; }

    internal bool IsSet => !string.IsNullOrEmpty(Key) || !string.IsNullOrEmpty(KeyFile);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(KeyFile))
            yield break;
        if (!string.IsNullOrEmpty(Key))
            yield return new("Operations:Key and Operations:KeyFile are both set: keep one");
        else if (Current() is null)
            yield return new("Operations:KeyFile must be a readable file that holds the key");
    }

    /// <summary>The key as of now; null where there is none, or where its file cannot be read or is empty.</summary>
    internal string? Current()
    {
        if (string.IsNullOrEmpty(KeyFile))
            return string.IsNullOrEmpty(Key) ? null : Key;
        try
        {
            return File.ReadAllText(KeyFile).Trim() is { Length: > 0 } key ? key : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
