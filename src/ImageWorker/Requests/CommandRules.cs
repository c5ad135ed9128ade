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

    /// <summary>Refuses a command whose publisher may not name its tenant.</summary>
    public static RequestError TenantOfOthers(string tenant, string user) =>
        new(
            InvalidParameter,
            $"tenant is '{ShownText.Of(tenant, LongestShown)}', which only certain users of the broker may name; "
                + (
                    user.Length == 0
                        ? "the message's user-id is missing"
                        : $"'{ShownText.Of(user, LongestShown)}' is none of them"
                ),
            Tenant
        );

    public const int MaxPromptLength = 4000;
    public const int MaxCount = 20;
    public const int MaxTimeoutSeconds = 24 * 60 * 60;
    public const int MaxStartWithinSeconds = 24 * 60 * 60;
    public const int MaxMetadataBytes = 4096;
    public const int MaxTenantLength = 64;

    /// <summary>The field that names a command's tenant.</summary>
    public const string Tenant = "tenant";

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

        OneOf("priority", command.Priority, RequestTurns.Priorities);

        if (command.Tenant == RequestTurns.NoTenant)
            Fault(Tenant, $"is '{RequestTurns.NoTenant}', which is reserved for commands that name none");
        else if (command.Tenant is { } tenant && !IsTenantName(tenant))
            Fault(Tenant, $"is '{ShownText.Of(tenant, LongestShown)}', {TenantNames}");

        if (command.StartWithinSeconds is < 1 or > MaxStartWithinSeconds)
            Fault(
                "startWithinSeconds",
                $"is {command.StartWithinSeconds}, from 1 to {MaxStartWithinSeconds} are allowed"
            );

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

    /// <summary>True if two commands ask for the same, field by field. Their priorities may differ.</summary>
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
