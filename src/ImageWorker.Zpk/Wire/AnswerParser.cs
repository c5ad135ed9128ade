using System.Text.Json;

namespace ImageWorker.Zpk.Wire;

/// <summary>
/// Reads an answer. Tolerant field by field, because the page's own examples break its types (<c>"27"</c> for an
/// integer): a field that cannot be read counts as absent. Never throws.
/// </summary>
internal static class AnswerParser
{
    /// <summary>The answer; null where the bytes are no JSON object.</summary>
    public static ApiAnswer? Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(WithoutByteOrderMark(utf8));
            return document.RootElement.ValueKind == JsonValueKind.Object ? Answer(document.RootElement) : null;
        }
        catch (JsonException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            // A string with a lone surrogate or broken UTF-8: it parses, but cannot be taken out.
            return null;
        }
    }

    private static ApiAnswer Answer(JsonElement root) =>
        new(
            root.Field("success").Flag(),
            Errors(root.Field("errors")),
            new ZpkAnswer(
                root.Field("unique_request_id").Text(),
                Images(root.Field("images")),
                root.Field("cost").Money()
            )
        );

    // Whatever says something is an error: overlooked, it would make a check's refusal "not found", and that leads to
    // a new payment.
    private static List<ZpkError> Errors(JsonElement errors) =>
        errors.ValueKind switch
        {
            JsonValueKind.Array => [.. errors.EnumerateArray().Select(Error)],
            JsonValueKind.Object when !IsOneError(errors) =>
            [
                .. errors.EnumerateObject().Select(property => Error(property.Value)),
            ],
            _ when errors.ValueKind == JsonValueKind.Object || errors.Text() is not null && errors.Flag() != false =>
            [
                Error(errors),
            ],
            _ => [],
        };

    private static bool IsOneError(JsonElement errors) =>
        errors.TryGetProperty("id", out _) || errors.TryGetProperty("message", out _);

    // An entry that is no object is an error all the same: it must not turn a refusal into an acceptance.
    private static ZpkError Error(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object
            ? new(error.Field("id").Text() ?? "", error.Field("message").Text() ?? "", error.Field("on").Text())
            : new("", error.Text() ?? "", null);

    // PHP writes a list whose keys have gaps as an object: its values are the images then.
    private static List<ZpkImage> Images(JsonElement images) =>
        images.ValueKind switch
        {
            JsonValueKind.Array => Images(images.EnumerateArray()),
            JsonValueKind.Object => Images(images.EnumerateObject().Select(property => property.Value)),
            _ => [],
        };

    private static List<ZpkImage> Images(IEnumerable<JsonElement> images) =>
        [.. images.Where(image => image.ValueKind == JsonValueKind.Object).Select(Image)];

    private static ZpkImage Image(JsonElement image, int place)
    {
        var num = image.Field("num");
        var status = image.Field("generation_status").Text() ?? "";
        return new ZpkImage
        {
            Num = num.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? place : num.Integer() ?? -1,
            Status = Status(status),
            RawStatus = status,
            WaitTime = image.Field("wait_time").Seconds(),
            ErrorId = image.Field("error_id").Text(),
            ImageUrl = image.Field("image_url").Text(),
            Cost = image.Field("cost").Money(),
        };
    }

    private static GenerationStatus Status(string word) =>
        word.ToUpperInvariant() switch
        {
            "PENDING" => GenerationStatus.Pending,
            "GENERATING" => GenerationStatus.Generating,
            "GENERATED" => GenerationStatus.Generated,
            "ERROR" => GenerationStatus.Error,
            _ => GenerationStatus.Unknown,
        };

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> utf8) =>
        utf8.Span.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;
}
