using System.Text.Json;
using System.Text.Json.Serialization;

namespace ImageWorker.Pacing;

/// <summary>
/// What all workers share: one row of the database, as JSON. Times are by the database's clock. A field that is not known
/// is ignored, so that two versions can run side by side.
/// </summary>
public sealed class PaceState
{
    /// <summary>Calls a second. Null: no limit is known.</summary>
    public double? Rate { get; set; }

    /// <summary>The last slot that was given to a worker.</summary>
    public DateTimeOffset LastSlot { get; set; }

    public PacePhase Phase { get; set; }

    /// <summary>The end of the present pause. Null: there is none.</summary>
    public DateTimeOffset? ClosedUntil { get; set; }

    /// <summary>The rate doubles each second, until the next refusal.</summary>
    public bool SlowStart { get; set; }

    /// <summary>The last exchange of any worker.</summary>
    public DateTimeOffset MovedAt { get; set; }

    /// <summary>Since when calls have been paced without a pause.</summary>
    public DateTimeOffset OpenSince { get; set; }

    public DateTimeOffset CutAt { get; set; }

    /// <summary>The rate before the last cut; 0: there was none. While settling: what passed in a second.</summary>
    public double CutFrom { get; set; }

    /// <summary>Cuts in a row at which more than a few calls were refused.</summary>
    public int DeepCuts { get; set; }

    /// <summary>Cuts in a row at which few calls were refused, since the last probe.</summary>
    public int SlightCuts { get; set; }

    /// <summary>So many of them ask for a probe; more after each that found a limit. 0: as few as can be.</summary>
    public int ProbeAfter { get; set; }

    /// <summary>The rate before the probe that is under way: it climbs whatever few calls are refused. 0: there is none.</summary>
    public double ProbeFrom { get; set; }

    /// <summary>Seconds without a refusal in which slots were used.</summary>
    public double Calm { get; set; }

    /// <summary>Share of the last second or so in which no call wanted the next slot.</summary>
    public double Idle { get; set; }

    /// <summary>Refusals that are still let pass before the next cut.</summary>
    public double Spare { get; set; }

    /// <summary>Share of calls refused for which the rate is not the reason. It is believed for about a minute.</summary>
    public double Noise { get; set; }

    /// <summary>Share of the last ten calls or so that were refused.</summary>
    public double RefusedLately { get; set; }

    /// <summary>The shortest pause that was asked for by the last second's refusals, in seconds.</summary>
    public double RetryAfter { get; set; }

    public DateTimeOffset RefusedAt { get; set; }

    public DateTimeOffset BegunAt { get; set; }

    /// <summary>Calls of the last minute or so; older ones count for less.</summary>
    public double MinuteBegun { get; set; }

    /// <summary>Those of the last minute's calls that were refused.</summary>
    public double MinuteRefused { get; set; }

    public PaceCounts Recent { get; set; } = new();

    public Dictionary<Guid, PaceWorker> Workers { get; set; } = [];

    /// <summary>Among how many workers the ceilings are divided; 1 for the shared state.</summary>
    public int SharedBy { get; set; } = 1;

    public string ToJson() => JsonSerializer.Serialize(this, PaceJson.Default.PaceState);

    /// <summary>Reads what <see cref="ToJson"/> wrote. Text that cannot be read is a fresh state.</summary>
    public static PaceState Parse(string? json)
    {
        try
        {
            return JsonSerializer.Deserialize(json ?? "null", PaceJson.Default.PaceState) ?? new();
        }
        catch (JsonException)
        {
            return new();
        }
    }
}

public enum PacePhase
{
    /// <summary>Calls begin as the rate says.</summary>
    Open,

    /// <summary>The first refusal was just met: nothing begins until it is known what passed.</summary>
    Settling,

    /// <summary>Most calls were refused: nothing begins until the pause is over, and then one call.</summary>
    Paused,

    /// <summary>That one call is under way.</summary>
    Trying,
}

/// <summary>One worker, as it reported itself.</summary>
public sealed class PaceWorker
{
    public DateTimeOffset Seen { get; set; }

    /// <summary>Slots that it was given, by which the waiting workers take turns.</summary>
    public long Taken { get; set; }

    public int Wanted { get; set; }

    public int UnderWay { get; set; }

    /// <summary>How many calls it may have under way, or has.</summary>
    public int Holds { get; set; }
}

[JsonSourceGenerationOptions(
    RespectNullableAnnotations = true,
    Converters = [typeof(PaceTime)],
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(PaceState))]
public sealed partial class PaceJson : JsonSerializerContext;

/// <summary>Microseconds since 1970, so that the row stays small.</summary>
public sealed class PaceTime : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        DateTimeOffset.UnixEpoch.AddMicroseconds(Math.Clamp(reader.GetInt64(), 0, 1L << 55));

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(Math.Max(0, (value - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond));
}
