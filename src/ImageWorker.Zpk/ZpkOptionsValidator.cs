using System.ComponentModel.DataAnnotations;
using System.Reflection;
using ImageWorker.Zpk.Wire;
using Microsoft.Extensions.Options;

namespace ImageWorker.Zpk;

/// <summary>Checks the options at start; each failure is one line that begins with the key at fault.</summary>
internal sealed class ZpkOptionsValidator : IValidateOptions<ZpkOptions>
{
    private const decimal HighestPrice = 1000m;

    public ValidateOptionsResult Validate(string? name, ZpkOptions options)
    {
        List<string> failures =
        [
            .. Addresses(options),
            .. Credentials(options),
            .. Ranges(options),
            .. Prices(options.Prices),
        ];
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> Addresses(ZpkOptions options)
    {
        if (AddressRule.Problem(options.BaseAddress, options.AllowInsecure) is { } problem)
            yield return Failure(nameof(options.BaseAddress), problem);
        else if (!CanBePrefix(options.BaseAddress))
            yield return Failure(nameof(options.BaseAddress), "must have no query and no fragment");

        // Callbacks carry no secret but their address, and ZPK takes plain http for them.
        if (options.CallbackBaseUrl is not { } callback)
            yield break;
        if (AddressRule.Problem(callback, allowInsecure: true) is not null)
            yield return Failure(nameof(options.CallbackBaseUrl), "must be an absolute http or https address");
        else if (!CanBePrefix(callback))
            yield return Failure(nameof(options.CallbackBaseUrl), "must have no query and no fragment");
    }

    private static bool CanBePrefix(Uri address) => address.Query.Length + address.Fragment.Length == 0;

    private static IEnumerable<string> Credentials(ZpkOptions options)
    {
        var hasId = !string.IsNullOrWhiteSpace(options.ApplicationId);
        var hasKey = !string.IsNullOrWhiteSpace(options.ApiKey) || !string.IsNullOrEmpty(options.ApiKeyFile);
        var file = Key(nameof(options.ApiKeyFile));
        if (!hasId && !hasKey)
            yield return $"{Key(nameof(options.ApplicationId))} and {Key(nameof(options.ApiKey))}, or {file}, are required";
        else if (!hasId)
            yield return Failure(nameof(options.ApplicationId), "is required");
        else if (!hasKey)
            yield return Failure(nameof(options.ApiKey), $"is required, or {file}");
        if (!string.IsNullOrEmpty(options.ApiKeyFile) && !HoldsText(options.ApiKeyFile))
            yield return Failure(nameof(options.ApiKeyFile), "must be a readable file that holds the key");
    }

    private static IEnumerable<string> Ranges(ZpkOptions options) =>
        from property in typeof(ZpkOptions).GetProperties()
        from range in property.GetCustomAttributes<RangeAttribute>()
        let value = property.GetValue(options)
        where !range.IsValid(value)
        select Failure(property.Name, $"must be {range.Minimum} to {range.Maximum}, not {value}");

    private static IEnumerable<string> Prices(ZpkPrices prices) =>
        prices
            .Images.Select(price =>
                price.Key.Split('.').Length < 3
                    ? Failure(
                        $"{nameof(ZpkOptions.Prices)}:{nameof(prices.Images)}:{price.Key}",
                        "must be named model.quality.resolution"
                    )
                    : Price($"{nameof(prices.Images)}:{price.Key}", price.Value)
            )
            .Append(Price(nameof(prices.UniqueGuard), prices.UniqueGuard))
            .OfType<string>();

    private static string? Price(string key, decimal price) =>
        price is < 0 or > HighestPrice
            ? Failure($"{nameof(ZpkOptions.Prices)}:{key}", $"must be 0 to {HighestPrice}, not {price}")
            : null;

    private static bool HoldsText(string file)
    {
        try
        {
            return !string.IsNullOrWhiteSpace(File.ReadAllText(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }

    private static string Failure(string key, string problem) => $"{Key(key)} {problem}";

    private static string Key(string key)
    {
        var full = $"{ZpkOptions.Section}:{key}";
        return $"{full} ({full.Replace(":", "__", StringComparison.Ordinal)})";
    }
}
