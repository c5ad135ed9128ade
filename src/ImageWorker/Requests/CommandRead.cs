using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ImageWorker.Contracts;

namespace ImageWorker.Requests;

/// <summary>One field of a JSON object as it came.</summary>
public readonly record struct JsonField(string Name, JsonElement Value);

/// <summary>A command as it was read from JSON.</summary>
/// <param name="Command">The command, with the default for each field that is absent or cannot be read.</param>
/// <param name="RequestId">The request that it names; empty if it names none.</param>
/// <param name="Faults">What cannot be read in it.</param>
public sealed record CommandRead<T>(T Command, Guid RequestId, IReadOnlyList<RequestError> Faults)
    where T : class;

/// <summary>
/// Reads a command's fields, each by its plain meaning. Null is absent. A field may be there once, in whatever case: of
/// two, nobody can say which one is meant.
/// </summary>
public static class CommandRead
{
    public const string RequestId = "requestId";

    /// <summary>The faults go to every subscriber, so they are few.</summary>
    private const int MostFaults = 20;

    /// <summary>Reads the fields. Never throws, for any content.</summary>
    public static CommandRead<T> Of<T>(IEnumerable<JsonField> fields)
        where T : class, new()
    {
        var (command, requestId, faults) = (new T(), Guid.Empty, new List<RequestError>());
        var seen = new HashSet<JsonPropertyInfo>();
        foreach (var (name, value) in fields)
        {
            if (Known<T>(name) is not { } known)
                continue;
            if (!seen.Add(known))
                Fault(known.Name, "is there twice");
            else if (PlainValue.Read(value, known.PropertyType, known.Name, Fault) is { } read)
            {
                known.Set!(command, read);
                if (known.Name == RequestId)
                    requestId = (Guid)read;
            }
        }
        return new(command, requestId, faults);

        void Fault(string path, string what)
        {
            if (faults.Count < MostFaults)
                faults.Add(new(CommandRules.InvalidParameter, $"{path} {what}", path));
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
