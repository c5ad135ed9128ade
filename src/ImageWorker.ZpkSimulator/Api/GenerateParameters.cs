using ImageWorker.ZpkSimulator.Pricing;

namespace ImageWorker.ZpkSimulator.Api;

/// <summary>A generate call's parameters with the page's defaults and limits applied.</summary>
internal sealed record GenerateParameters(
    string Prompt,
    int Num,
    string? UniqueRequestId,
    string? CallbackUrl,
    bool Hold,
    PriceClass PriceClass
)
{
    private const int MaxImages = 20;
    private const int MaxIdLength = 16;

    private static readonly string[] ConnectionTypes = ["fast", "hold"];
    private static readonly string[] Styles = ["vivid", "natural"];

    /// <summary>Null when there are errors; every fault is added to <paramref name="errors"/>, not the first alone.</summary>
    public static GenerateParameters? Validate(Fields fields, List<ApiError> errors)
    {
        foreach (var field in fields.NotScalar ?? [])
            errors.Add(ApiError.Parameter(field, Fields.Names[(int)field] + " must be a single value"));

        var prompt = fields[Field.Prompt];
        if (prompt is null && fields.NotScalar?.Contains(Field.Prompt) != true)
            errors.Add(ApiError.NotSet(Field.Prompt));

        var num = 1;
        if (fields[Field.Num] is { } text && !(int.TryParse(text, out num) && num is >= 1 and <= MaxImages))
            errors.Add(ApiError.Parameter(Field.Num, "num must be an integer from 1 to 20"));

        var hold = OneOf(fields, Field.ConnectionType, ConnectionTypes, errors) == 1;
        var id = fields[Field.UniqueRequestId];
        if (id is { Length: > MaxIdLength })
            errors.Add(ApiError.Parameter(Field.UniqueRequestId, "unique_request_id is longer than 16 characters"));
        else if (id is not null && !id.All(char.IsAsciiLetterOrDigit))
            errors.Add(ApiError.Parameter(Field.UniqueRequestId, "unique_request_id must be alphanumeric"));
        else if (id is null && hold)
            errors.Add(
                ApiError.Parameter(Field.UniqueRequestId, "unique_request_id is required with hold connections")
            );

        var callback = fields[Field.CallbackUrl];
        if (callback is not null && !IsWebAddress(callback))
            errors.Add(ApiError.Parameter(Field.CallbackUrl, "callback_url must be an http or https URL"));

        _ = OneOf(fields, Field.Style, Styles, errors);
        var priceClass = new PriceClass(
            OneOf(fields, Field.Model, PriceTable.Models, errors),
            OneOf(fields, Field.Quality, PriceTable.Qualities, errors),
            OneOf(fields, Field.Resolution, PriceTable.Resolutions, errors),
            Flag(fields, Field.UniqueGuard, errors)
        );

        return errors.Count > 0 ? null : new(prompt!, num, id, callback, hold, priceClass);
    }

    private static byte OneOf(Fields fields, Field field, string[] allowed, List<ApiError> errors)
    {
        if (fields[field] is not { } value)
            return 0;
        var index = Array.IndexOf(allowed, value);
        if (index >= 0)
            return (byte)index;
        errors.Add(
            ApiError.Parameter(field, $"{Fields.Names[(int)field]} must be one of: {string.Join(", ", allowed)}")
        );
        return 0;
    }

    private static bool Flag(Fields fields, Field field, List<ApiError> errors)
    {
        switch (fields[field])
        {
            case null or "false" or "0":
                return false;
            case "true" or "1":
                return true;
            default:
                errors.Add(ApiError.Parameter(field, Fields.Names[(int)field] + " must be a boolean"));
                return false;
        }
    }

    private static bool IsWebAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);
}
