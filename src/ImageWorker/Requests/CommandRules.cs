using System.Globalization;
using System.Text;
using ImageWorker.Contracts;
using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>The rules for a <see cref="GenerateImages"/>, from the interface's own table.</summary>
public static class CommandRules
{
    public const string InvalidBody = "INVALID_BODY";
    public const string InvalidParameter = "INVALID_PARAMETER";
    public const int LongestShown = 40;

    /// <summary>Refuses a command whose id another one has.</summary>
    public static readonly RequestError RequestIdReused = new(
        "REQUEST_ID_REUSED",
        "requestId was used before with other parameters; that request is untouched. Send a new id.",
        "requestId"
    );

    public const int MaxPromptLength = 4000;
    public const int MaxCount = 20;
    public const int MaxTimeoutSeconds = 24 * 60 * 60;
    public const int MaxMetadataBytes = 4096;
    public const int MaxTenantLength = 64;

    /// <summary>What <see cref="IsTenantName"/> asks for, in words.</summary>
    public const string TenantNames = "1 to 64 lower-case letters, digits, '.', '_' and '-' are allowed";

    /// <summary>
    /// Lists every fault of a command that came in: what cannot be read, and the rules that the rest breaks. Of a body
    /// that ends in the middle nobody knows the rest.
    /// </summary>
    public static List<RequestError> FaultsOf(GenerateAsked asked) =>
        [
            .. asked.Unread,
            .. asked.Unread.Any(fault => fault.Id == InvalidBody)
                ? []
                : FaultsOf(asked.Command)
                    .ExceptBy(asked.Unread.Select(fault => fault.On), fault => fault.On, StringComparer.Ordinal),
        ];

    /// <summary>Lists every fault of the command; empty for a good one. Never throws, for any content.</summary>
    public static List<RequestError> FaultsOf(GenerateImages command)
    {
        var faults = new List<RequestError>();

        if (command.RequestId == Guid.Empty)
            Fault("requestId", "is required: a UUID, the request's idempotency key");

        if (string.IsNullOrWhiteSpace(command.Prompt))
            Fault("prompt", "is required");
        else if (command.Prompt.EnumerateRunes().Count() is > MaxPromptLength and var length)
            Fault("prompt", $"has {length} characters, at most {MaxPromptLength} are allowed");
        else if (command.Prompt.Contains('\0'))
            Fault("prompt", "holds a NUL character");

        if (command.Count is < 1 or > MaxCount)
            Fault("count", $"is {command.Count}, from 1 to {MaxCount} are allowed");

        OneOf("model", command.Model, ImageModel.All);
        OneOf("quality", command.Quality, ImageQuality.All);
        OneOf("style", command.Style, ImageStyle.All);
        OneOf("resolution", command.Resolution, ImageResolution.All);

        if (command.TimeoutSeconds is < 1 or > MaxTimeoutSeconds)
            Fault("timeoutSeconds", $"is {command.TimeoutSeconds}, from 1 to {MaxTimeoutSeconds} are allowed");

        if (command.MaxCost is < 0)
            Fault(
                "maxCost",
                $"is {command.MaxCost.Value.ToString(CultureInfo.InvariantCulture)}, it cannot be negative"
            );

        if (BytesOf(command.Metadata) is > MaxMetadataBytes and var bytes)
            Fault("metadata", $"has {bytes} bytes, at most {MaxMetadataBytes} are allowed");

        return faults;

        void OneOf(string field, string? value, IReadOnlyList<string> allowed)
        {
            if (value is null || !allowed.Contains(value, StringComparer.Ordinal))
                Fault(
                    field,
                    $"is '{ShownText.Of(value ?? "", LongestShown)}', allowed are {string.Join(", ", allowed)}"
                );
        }

        void Fault(string field, string what) => faults.Add(new(InvalidParameter, $"{field} {what}", field));
    }

    /// <summary>True if two commands ask for the same, field by field.</summary>
    public static bool AsksTheSameAs(this GenerateImages one, GenerateImages other) =>
        CommandFingerprint.Of(one) == CommandFingerprint.Of(other);

    /// <summary>True if a command may name such a tenant.</summary>
    public static bool IsTenantName(string name) =>
        name.Length is >= 1 and <= MaxTenantLength
        && name != RequestTurns.NoTenant
        && name.All(sign => char.IsAsciiLetterLower(sign) || char.IsAsciiDigit(sign) || sign is '.' or '_' or '-');

    /// <summary>True if events may repeat the metadata.</summary>
    public static bool IsWithinLimit(IReadOnlyDictionary<string, string>? metadata) =>
        BytesOf(metadata) <= MaxMetadataBytes;

    private static int BytesOf(IReadOnlyDictionary<string, string>? metadata) =>
        metadata?.Sum(e => Encoding.UTF8.GetByteCount(e.Key) + Encoding.UTF8.GetByteCount(e.Value ?? "")) ?? 0;
}
