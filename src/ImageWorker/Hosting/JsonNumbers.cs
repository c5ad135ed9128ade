using System.Text.Json;
using MassTransit.Serialization;
using MassTransit.Serialization.JsonConverters;

namespace ImageWorker.Hosting;

/// <summary>Makes MassTransit write decimals as JSON numbers. By itself it writes strings.</summary>
public static class JsonNumbers
{
    private static readonly Lock OptionsLock = new();

    /// <summary>
    /// MassTransit's options belong to the whole process and cannot change once used, so they are replaced.
    /// </summary>
    public static void Use()
    {
        lock (OptionsLock)
            SystemTextJsonMessageSerializer.Options = In(SystemTextJsonMessageSerializer.Options);
    }

    /// <summary>The options with decimals as JSON numbers; the same options if they have that already.</summary>
    public static JsonSerializerOptions In(JsonSerializerOptions options)
    {
        if (options.Converters.Any(converter => converter is DecimalJsonConverter))
            return options;
        var changed = new JsonSerializerOptions(options);
        foreach (var converter in options.Converters.OfType<StringDecimalJsonConverter>())
            changed.Converters.Remove(converter);
        changed.Converters.Add(new DecimalJsonConverter());
        return changed;
    }
}
