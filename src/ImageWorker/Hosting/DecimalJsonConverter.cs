using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ImageWorker.Hosting;

/// <summary>
/// Decimals travel as JSON numbers with every digit. A string is read too: a publisher with MassTransit sends one,
/// because MassTransit's own converter writes decimals as strings.
/// </summary>
public sealed class DecimalJsonConverter : JsonConverter<decimal>
{
    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not JsonTokenType.String)
            return reader.GetDecimal();
        return decimal.TryParse(reader.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value);
}
