namespace ImageWorker.ZpkSimulator.Api;

/// <summary>One entry of a refusal's <c>errors</c> array.</summary>
internal sealed record ApiError(string Id, string Message, string? On)
{
    public static ApiError Parameter(Field field, string message) =>
        new("INVALID_PARAMETER", message, Fields.Names[(int)field]);

    public static ApiError NotSet(Field field) => Parameter(field, Fields.Names[(int)field] + " has not been set");

    public static ApiError Body(string message) => new("INVALID_PARAMETER", message, "body");

    // The SDK names such errors among its exceptions; their ids on the wire are not documented.
    public static readonly ApiError UnknownApplication = new(
        "INVALID_APPLICATION_ID",
        "the application does not exist",
        "application_id"
    );

    public static readonly ApiError WrongKey = new("INVALID_API_KEY", "the API key is not valid", "api_key");

    public static readonly ApiError UnknownRequest = Parameter(
        Field.UniqueRequestId,
        "there is no request with this unique_request_id"
    );

    public static readonly ApiError RepeatedId = Parameter(
        Field.UniqueRequestId,
        "this unique_request_id has already been used"
    );
}
