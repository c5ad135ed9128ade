using ImageWorker.Contracts;
using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>The one key of the commands' metadata whose values requests are searched by.</summary>
/// <param name="Key">Null for none.</param>
public sealed record SearchableMetadata(string? Key)
{
    /// <summary>The longest value that is kept, in characters; of longer ones only the beginning counts.</summary>
    public const int Longest = 200;

    public string? ValueOf(GenerateImages command) =>
        Key is { Length: > 0 } && command.Metadata?.GetValueOrDefault(Key) is { } value ? Kept(value) : null;

    /// <summary>The value as it is kept. A column of text holds no control characters.</summary>
    public static string Kept(string value) => ShownText.Of(value, Longest - 1);
}
