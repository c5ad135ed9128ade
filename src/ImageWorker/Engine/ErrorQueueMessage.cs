using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ImageWorker.Requests;
using ImageWorker.Zpk;
using RabbitMQ.Client;

namespace ImageWorker.Engine;

/// <summary>A message that was put aside, as far as it may be shown. The prompt is for those alone who ask for it.</summary>
/// <param name="Since">When it was put aside; null if nothing says so.</param>
/// <param name="RequestId">The request; null if it cannot be found in the body.</param>
/// <param name="Reason">One line: what failed, or what the broker did.</param>
public sealed partial record ErrorQueueMessage(DateTimeOffset? Since, Guid? RequestId, string Reason)
{
    private const int LongestReason = 300;

    /// <summary>Tells it apart from the others of its queue. It stays the same while the message does.</summary>
    public string Id { get; init; } = "";

    /// <summary>Its prompt, for those who ask for it; null if none can be read.</summary>
    public string? Prompt { get; init; }

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
        )
        {
            Id = IdOf(message),
            Prompt = PromptIn(message.Body.Span),
        };

        string? Text(string name) => headers.TryGetValue(name, out var value) ? TextOf(value) : null;
    }

    private static string? TextOf(object? value) =>
        value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : value?.ToString();

    private static string IdOf(BasicGetResult message)
    {
        byte[] all = [.. Encoding.UTF8.GetBytes($"{message.BasicProperties.MessageId}\n"), .. message.Body.Span];
        return Convert.ToHexStringLower(SHA256.HashData(all).AsSpan(0, 8));
    }

    private static string? PromptIn(ReadOnlySpan<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(Encoding.UTF8.GetString(body));
            var command = CommandIn(json.RootElement);
            return
                command.ValueKind is JsonValueKind.Object
                && command.TryGetProperty("prompt", out var prompt)
                && prompt.ValueKind is JsonValueKind.String
                ? ShownText.Of(prompt.GetString()!, CommandRules.MaxPromptLength)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The command of an envelope, or what is bare JSON itself.</summary>
    private static JsonElement CommandIn(JsonElement body) =>
        body.ValueKind is JsonValueKind.Object
        && body.TryGetProperty("message", out var enveloped)
        && enveloped.ValueKind is JsonValueKind.Object
            ? enveloped
            : body;

    /// <summary>Reads bare JSON or an envelope. Searches the text if the body is not JSON.</summary>
    private static Guid? RequestIdIn(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body);
        try
        {
            using var json = JsonDocument.Parse(text);
            foreach (var field in CommandIn(json.RootElement).EnumerateObject())
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
