using System.Text.Json;
using System.Text.Json.Serialization;

namespace ImageWorker.Zpk.Wire;

/// <summary>
/// The body of a generate call. A class and not a record: a record would print the credentials it carries.
/// </summary>
internal sealed class GenerateBody
{
    public required string ApplicationId { get; init; }
    public required string ApiKey { get; init; }
    public required string Prompt { get; init; }
    public required string Model { get; init; }
    public required int Num { get; init; }
    public required string? UniqueRequestId { get; init; }
    public required Uri? CallbackUrl { get; init; }
    public required string ConnectionType { get; init; }
    public required string Quality { get; init; }
    public required string Style { get; init; }
    public required string Resolution { get; init; }
    public required bool UniqueGuard { get; init; }

    public static byte[] Write(GenerateParameters parameters, Credentials credentials) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new GenerateBody
            {
                ApplicationId = credentials.ApplicationId,
                ApiKey = credentials.ApiKey,
                Prompt = parameters.Prompt,
                Model = parameters.Model,
                Num = parameters.Num,
                UniqueRequestId = parameters.UniqueRequestId,
                CallbackUrl = parameters.CallbackUrl,
                ConnectionType = parameters.ConnectionType,
                Quality = parameters.Quality,
                Style = parameters.Style,
                Resolution = parameters.Resolution,
                UniqueGuard = parameters.UniqueGuard,
            },
            ApiJson.Default.GenerateBody
        );
}

/// <summary>The body of a check-status call; not a record for the same reason.</summary>
internal sealed class CheckBody
{
    public required string ApplicationId { get; init; }
    public required string ApiKey { get; init; }
    public required string UniqueRequestId { get; init; }

    public static byte[] Write(string uniqueRequestId, Credentials credentials) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new CheckBody
            {
                ApplicationId = credentials.ApplicationId,
                ApiKey = credentials.ApiKey,
                UniqueRequestId = uniqueRequestId,
            },
            ApiJson.Default.CheckBody
        );
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(GenerateBody))]
[JsonSerializable(typeof(CheckBody))]
internal sealed partial class ApiJson : JsonSerializerContext;
