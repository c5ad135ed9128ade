using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ImageWorker.Contracts;

namespace ImageWorker.Requests;

/// <summary>
/// Tells commands apart that share a request id. Events carry the one of the command that they answer, so who waits for
/// an answer does not take another's.
/// </summary>
public static class CommandFingerprint
{
    /// <summary>The header of an event's envelope.</summary>
    public const string Header = "command-fingerprint";

    // A priority only says when. A field that came later counts only where it is set: events that wait for their delivery,
    // and programs of an older version, have the fingerprint of the command without it.
    private static readonly JsonSerializerOptions Options = new()
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver().WithAddedModifier(type =>
        {
            foreach (var field in type.Properties.Where(_ => type.Type == typeof(GenerateImages)))
            {
                if (field.Name is nameof(GenerateImages.Priority))
                    field.ShouldSerialize = static (_, _) => false;
                if (field.Name is nameof(GenerateImages.Tenant) or nameof(GenerateImages.StartWithinSeconds))
                    field.ShouldSerialize = static (_, value) => value is not null;
            }
        }),
    };

    // A decimal keeps the zeros at its end.
    private const decimal One = 1.0000000000000000000000000000m;

    /// <summary>The same for all commands that ask for the same.</summary>
    public static string Of(GenerateImages command) => Of(command, []);

    /// <summary>The same for all commands that ask for the same, as far as they can be read.</summary>
    public static string Of(GenerateAsked asked) => Of(asked.Command, asked.Unread);

    private static string Of(GenerateImages command, IReadOnlyList<RequestError> unread)
    {
        var plain = command with
        {
            MaxCost = command.MaxCost / One,
            Metadata = command.Metadata is { Count: > 0 } metadata
                ? new SortedDictionary<string, string>(
                    metadata.ToDictionary(StringComparer.Ordinal),
                    StringComparer.Ordinal
                )
                : null,
        };
        return DerivedMessageId
            .ForBody(JsonSerializer.SerializeToUtf8Bytes((object[])[plain, unread], Options))
            .ToString();
    }
}
