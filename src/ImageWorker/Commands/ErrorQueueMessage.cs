using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ImageWorker.Zpk;
using RabbitMQ.Client;

namespace ImageWorker.Commands;

/// <summary>A message that was put aside, as far as it may be shown: never its prompt.</summary>
/// <param name="Since">When it was put aside; null if nothing says so.</param>
/// <param name="RequestId">The request; null if it cannot be found in the body.</param>
/// <param name="Reason">One line: what failed, or what the broker did.</param>
public sealed partial record ErrorQueueMessage(DateTimeOffset? Since, Guid? RequestId, string Reason)
{
    private const int LongestReason = 300;

    public static ErrorQueueMessage From(BasicGetResult message)
    {
        var headers = message.BasicProperties.Headers ?? new Dictionary<string, object?>(StringComparer.Ordinal);
        var death =
            (headers.TryGetValue("x-death", out var deaths) ? deaths as IList<object?> : null)?.FirstOrDefault()
            as IDictionary<string, object?>;
        return new(
            DateTimeOffset.TryParse(Text("MT-Fault-Timestamp"), CultureInfo.InvariantCulture, out var faulted) ? faulted
                : death?.TryGetValue("time", out var time) is true && time is AmqpTimestamp died
                    ? DateTimeOffset.FromUnixTimeSeconds(died.UnixTime)
                : null,
            RequestIdIn(message.Body.Span),
            ShownText.Of(
                Text("MT-Fault-Message")
                    ?? (death is null ? null : $"the broker gave it up: {TextOf(death["reason"])}")
                    ?? Text("MT-Reason")
                    ?? "unknown",
                LongestReason
            )
        );

        string? Text(string name) => headers.TryGetValue(name, out var value) ? TextOf(value) : null;
    }

    private static string? TextOf(object? value) =>
        value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : value?.ToString();

    /// <summary>Reads bare JSON or an envelope. Searches the text if the body is not JSON.</summary>
    private static Guid? RequestIdIn(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body);
        try
        {
            using var json = JsonDocument.Parse(text);
            var command =
                json.RootElement.ValueKind is JsonValueKind.Object
                && json.RootElement.TryGetProperty("message", out var enveloped)
                && enveloped.ValueKind is JsonValueKind.Object
                    ? enveloped
                    : json.RootElement;
            foreach (var field in command.EnumerateObject())
            {
                if (field.NameEquals("requestId"))
                    return field.Value.TryGetGuid(out var id) ? id : null;
            }
            return null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return RequestIdField().Match(text) is { Success: true } found
                ? Guid.Parse(found.Groups["id"].Value)
                : null;
        }
    }

    [GeneratedRegex(
        """
            "requestId"\s*:\s*"(?<id>[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})
            """,
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex RequestIdField();
}
