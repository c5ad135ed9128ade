using System.Text.Json;

namespace ImageWorker.Zpk.Wire;

/// <summary>
/// Reads an answer. Tolerant field by field, because the page's own examples break its types (<c>"27"</c> for an
/// integer): a field that cannot be read counts as absent. Never throws.
/// </summary>
internal sealed class AnswerParser(ServerText texts, IEnumerable<string> accountErrorIds)
{
    // A call has at most 20 images and a dozen parameters to be wrong: many more entries answer nothing that was asked.
    private const int MaximumImages = 100;
    private const int MaximumErrors = 20;

    private const int Unreadable = -1;

    /// <summary>The answer; null where the bytes are no JSON object.</summary>
    public ApiAnswer? Parse(ReadOnlyMemory<byte> utf8)
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
    }

    private ApiAnswer Answer(JsonElement root)
    {
        var id = root.Field("unique_request_id").Text();
        var problem = id is null ? null : texts.ProblemOfId(id);
        return new(
            root.Field("success").Flag(),
            Bounded(Errors(root.Field("errors"))),
            new ZpkAnswer(problem is null ? id : null, Images(root.Field("images")), root.Field("cost").Money())
            {
                UniqueRequestIdProblem = problem is null ? null : $"the unique_request_id of the answer {problem}",
            }
        );
    }

    // What is left out could say that it is about something else than the rest does, so that it has to leave a trace.
    private static List<ZpkError> Bounded(IEnumerable<ZpkError> errors)
    {
        var kept = errors.Take(MaximumErrors + 1).ToList();
        if (kept.Count > MaximumErrors)
            kept[MaximumErrors] = new("", "and more errors, which are left out", null);
        return kept;
    }

    // Whatever says something is an error: overlooked, it would make a check's refusal "not found", and that leads to
    // a new payment.
    private IEnumerable<ZpkError> Errors(JsonElement errors) =>
        errors.ValueKind switch
        {
            JsonValueKind.Array => errors.EnumerateArray().Select(Error),
            JsonValueKind.Object when !IsOneError(errors) => errors
                .EnumerateObject()
                .Select(property => Error(property.Value)),
            _ when errors.ValueKind == JsonValueKind.Object || errors.Text() is not null && errors.Flag() != false =>
            [
                Error(errors),
            ],
            _ => [],
        };

    private static bool IsOneError(JsonElement errors) => Has(errors, "id") || Has(errors, "message");

    private static bool Has(JsonElement element, string name) =>
        element.Field(name).ValueKind != JsonValueKind.Undefined;

    // An entry that is no object is an error all the same: it must not turn a refusal into an acceptance.
    private ZpkError Error(JsonElement error)
    {
        var sent =
            error.ValueKind == JsonValueKind.Object
                ? new ZpkError(
                    error.Field("id").Text() ?? "",
                    error.Field("message").Text() ?? "",
                    error.Field("on").Text()
                )
                : new ZpkError("", error.Text() ?? "", null);
        // What it is about is told by the words as sent: an application id can be part of one, and is masked in it.
        return sent with
        {
            Id = texts.Word(sent.Id),
            Message = texts.Message(sent.Message),
            On = sent.On is null ? null : texts.Word(sent.On),
            IsAboutAccount = accountErrorIds.Any(id => ZpkError.IsSameId(id, sent.Id)),
        };
    }

    // PHP writes a list whose keys have gaps as an object: its values are the images then.
    private List<ZpkImage> Images(JsonElement images) =>
        images.ValueKind switch
        {
            JsonValueKind.Array => Images(images.EnumerateArray()),
            JsonValueKind.Object => Images(images.EnumerateObject().Select(property => property.Value)),
            _ => [],
        };

    // The first of a number counts; one that cannot be read could be anybody's.
    private List<ZpkImage> Images(IEnumerable<JsonElement> images)
    {
        var numbers = new HashSet<int>();
        return
        [
            .. images
                .Where(image => image.ValueKind == JsonValueKind.Object)
                .Select((image, place) => (Num: Number(image, place), Said: image))
                .Where(image => image.Num == Unreadable || numbers.Add(image.Num))
                .Take(MaximumImages)
                .Select(image => Image(image.Num, image.Said)),
        ];
    }

    private static int Number(JsonElement image, int place)
    {
        var num = image.Field("num");
        return num.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? place : num.Integer() ?? Unreadable;
    }

    private ZpkImage Image(int num, JsonElement image)
    {
        var status = image.Field("generation_status").Text() ?? "";
        var (url, problem) = Url(image.Field("image_url"));
        return new ZpkImage
        {
            Num = num,
            Status = Status(status),
            RawStatus = texts.Word(status),
            WaitTime = image.Field("wait_time").Seconds(),
            ErrorId = image.Field("error_id").Text() is { } error ? texts.Word(error) : null,
            ImageUrl = problem is null ? url : null,
            UrlProblem = problem is null ? null : $"image_url {problem}",
            Cost = image.Field("cost").Money(),
        };
    }

    private (string? Url, string? Problem) Url(JsonElement url)
    {
        if (url.ValueKind is JsonValueKind.Array or JsonValueKind.Object)
            return (null, "must be a text");
        return url.Text() is { } text ? (text, texts.ProblemOfUrl(text)) : (null, null);
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
