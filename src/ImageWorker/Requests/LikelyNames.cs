namespace ImageWorker.Requests;

/// <summary>
/// Names that other services give to a field of ours. Such a field must not be ignored: the default would be paid.
/// </summary>
internal static class LikelyNames
{
    private static readonly Dictionary<string, string> Fields = ByName(
        ("requestId", "id uuid requestUuid idempotencyKey"),
        ("prompt", "prompts promptText text description input query"),
        ("count", "n num amount images quantity imageCount numImages numberOfImages numSamples batchSize"),
        ("model", "modelId modelName"),
        ("quality", "imageQuality"),
        ("style", "imageStyle"),
        ("resolution", "size imageSize dimensions width height"),
        ("uniqueGuard", "unique uniquenessGuard"),
        ("timeoutSeconds", "timeout timeoutSec timeoutSecs timeoutMs timeoutMinutes deadline"),
        ("priority", "prio priorityLevel"),
        ("tenant", "tenantId tenantName"),
        ("startWithinSeconds", "startWithin startWithinSec startWithinSecs startWithinMs startWithinMinutes"),
        ("maxCost", "budget maxBudget maxPrice costLimit priceLimit")
    );

    /// <summary>The name of the field that is likely meant; null for a name that is like none.</summary>
    public static string? Meant(string name) => Fields.GetValueOrDefault(Plain(name));

    /// <summary>True if it is the field's own name in another spelling, such as <c>request_id</c>.</summary>
    public static bool IsSpelling(string name, string field) =>
        Plain(name).Equals(field, StringComparison.OrdinalIgnoreCase);

    private static string Plain(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit));

    private static Dictionary<string, string> ByName(params (string Field, string Names)[] fields) =>
        fields
            .SelectMany(field => field.Names.Split(' ').Append(field.Field).Select(name => (name, field.Field)))
            .ToDictionary(pair => pair.name, pair => pair.Field, StringComparer.OrdinalIgnoreCase);
}
