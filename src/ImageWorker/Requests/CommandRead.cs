using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ImageWorker.Contracts;
using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>One field of a JSON object as it came.</summary>
public readonly record struct JsonField(string Name, JsonElement Value);

/// <summary>A command as it was read from JSON.</summary>
/// <param name="Command">The command, with the default for each field that is absent or cannot be read.</param>
/// <param name="RequestId">The request that it names; empty if it names none.</param>
/// <param name="Faults">What cannot be read in it.</param>
/// <param name="Warnings">What was passed over.</param>
public sealed record CommandRead<T>(
    T Command,
    Guid RequestId,
    IReadOnlyList<RequestError> Faults,
    IReadOnlyList<RequestWarning> Warnings
)
    where T : class
{
    /// <summary>Where MassTransit's request client waits for the answer; null for nowhere.</summary>
    public string? ResponseAddress { get; init; }

    /// <summary>What tells that client which of its requests is answered.</summary>
    public Guid? ResponseId { get; init; }
}

/// <summary>
/// Reads a command's fields, each by its plain meaning. Null is absent. A field may be there once, in whatever case: of
/// two, nobody can say which one is meant. A field of no such name is passed over, unless it is likely to mean one that is
/// absent.
/// </summary>
public static class CommandRead
{
    public const string RequestId = "requestId";

    /// <summary>Faults and warnings go to every subscriber, so they are few and short.</summary>
    private const int Most = 20;

    private const int LongestName = 64;

    /// <summary>Reads the fields. Never throws, for any content.</summary>
    public static CommandRead<T> Of<T>(IEnumerable<JsonField> fields)
        where T : class, new()
    {
        var (command, requestId) = (new T(), Guid.Empty);
        var (faults, warnings) = (new List<RequestError>(), new List<RequestWarning>());
        var (seen, given) = (new HashSet<JsonPropertyInfo>(), new HashSet<string>(StringComparer.Ordinal));
        var unknown = new List<JsonField>();
        foreach (var field in fields)
        {
            if (Known<T>(field.Name) is not { } known)
                unknown.Add(field);
            else if (!seen.Add(known))
                Fault(known.Name, "is there twice");
            else
                Take(known, field.Value);
        }
        foreach (var (name, value) in unknown)
        {
            var shown = ShownText.Of(name, LongestName);
            if (LikelyNames.Meant(name) is not { } meant || Known<T>(meant) is not { } known || given.Contains(meant))
                Warn(shown);
            else
            {
                Fault(shown, $"is no field of {typeof(T).Name}, use {meant}");
                // The refusal is for who waits for this request.
                if (meant == RequestId && LikelyNames.IsSpelling(name, RequestId))
                    Take(known, value);
            }
        }
        return new(command, requestId, faults, warnings);

        void Take(JsonPropertyInfo field, JsonElement value)
        {
            if (value.ValueKind is JsonValueKind.Null)
                return;
            given.Add(field.Name);
            if (PlainValue.Read(value, field.PropertyType, field.Name, Fault) is not { } read)
                return;
            field.Set!(command, read);
            if (field.Name == RequestId)
                requestId = (Guid)read;
        }

        void Fault(string path, string what)
        {
            if (faults.Count < Most)
                faults.Add(new(CommandRules.InvalidParameter, $"{path} {what}", path));
        }

        void Warn(string name)
        {
            if (warnings.Count < Most)
                warnings.Add(new("UNKNOWN_FIELD", $"{name} is no field of {typeof(T).Name} and is ignored", name));
        }
    }

    private static JsonPropertyInfo? Known<T>(string name)
    {
        foreach (var property in JsonSerializerOptions.Web.GetTypeInfo(typeof(T)).Properties)
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return property;
        }
        return null;
    }
}
