using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ImageWorker.Hosting;

/// <summary>
/// Decimals travel as JSON numbers with every digit. A string is read too: that is what MassTransit's own converter
/// makes of a decimal, so it is what a publisher with MassTransit sends.
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
