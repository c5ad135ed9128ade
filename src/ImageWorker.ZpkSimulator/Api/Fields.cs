namespace ImageWorker.ZpkSimulator.Api;

/// <summary>The parameters of both endpoints; the order is that of <see cref="Fields.Names"/>.</summary>
internal enum Field
{
    ApplicationId,
    ApiKey,
    Prompt,
    Model,
    Num,
    UniqueRequestId,
    CallbackUrl,
    ConnectionType,
    Quality,
    Style,
    Resolution,
    UniqueGuard,
}

/// <summary>
/// One call's parameters as text, whatever form the body had. A form field that is empty counts as not sent, since
/// PHP clients send false and null that way.
/// </summary>
internal sealed class Fields
{
    public static readonly string[] Names =
    [
        "application_id",
        "api_key",
        "prompt",
        "model",
        "num",
        "unique_request_id",
        "callback_url",
        "connection_type",
        "quality",
        "style",
        "resolution",
        "unique_guard",
    ];

    private readonly string?[] _values = new string?[Names.Length];

    /// <summary>Why the body could not be read, or null.</summary>
    public string? Unreadable { get; init; }

    /// <summary>The fields that held an array or an object.</summary>
    public HashSet<Field>? NotScalar { get; private set; }

    public string? this[Field field]
    {
        get => _values[(int)field];
        set => _values[(int)field] = string.IsNullOrEmpty(value) ? null : value;
    }

    public void MarkNotScalar(Field field) => (NotScalar ??= []).Add(field);
}
