using ImageWorker.Zpk.Wire;
using Microsoft.Extensions.Options;

namespace ImageWorker.Zpk;

/// <summary>Checks the options at start; each failure is one line that begins with the key at fault.</summary>
internal sealed class ZpkOptionsValidator : IValidateOptions<ZpkOptions>
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Instant = TimeSpan.FromMilliseconds(1);

    // The circuit breaker accepts nothing shorter.
    private static readonly TimeSpan HalfSecond = TimeSpan.FromMilliseconds(500);

    public ValidateOptionsResult Validate(string? name, ZpkOptions options)
    {
        List<string> failures =
        [
            .. Addresses(options),
            .. Credentials(options),
            .. Durations(options),
            .. Limits(options),
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

    private static IEnumerable<string> Durations(ZpkOptions options) =>
        new[]
        {
            Within(nameof(options.GenerateTimeout), options.GenerateTimeout, Instant, Day),
            Within(nameof(options.CheckTimeout), options.CheckTimeout, Instant, Day),
            Within(nameof(options.CheckTotalTimeout), options.CheckTotalTimeout, Instant, Day),
            Within(nameof(options.CheckRetryDelay), options.CheckRetryDelay, TimeSpan.Zero, Day),
            Within(nameof(options.ConnectTimeout), options.ConnectTimeout, Instant, Day),
            Within(nameof(options.BreakerWindow), options.BreakerWindow, HalfSecond, Day),
            Within(nameof(options.BreakerPause), options.BreakerPause, HalfSecond, Day),
            Within(nameof(options.SettleTime), options.SettleTime, TimeSpan.Zero, Day),
            Within(nameof(options.DownloadTimeout), options.DownloadTimeout, Instant, Day),
        }.OfType<string>();

    private static IEnumerable<string> Limits(ZpkOptions options) =>
        new[]
        {
            Within(nameof(options.CheckRetries), options.CheckRetries, 0, 10),
            Within(nameof(options.BreakerFailureRatio), options.BreakerFailureRatio, 0.01, 1),
            Within(nameof(options.BreakerMinimumCalls), options.BreakerMinimumCalls, 2, int.MaxValue),
            Within(nameof(options.MaxAnswerBytes), options.MaxAnswerBytes, 1024, 64 * 1024 * 1024),
            Within(nameof(options.MaxPictureBytes), options.MaxPictureBytes, 1, long.MaxValue),
        }.OfType<string>();

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
        Within($"{nameof(ZpkOptions.Prices)}:{key}", price, 0m, 1000m);

    private static string? Within<T>(string key, T value, T least, T most)
        where T : IComparable<T> =>
        value.CompareTo(least) < 0 || value.CompareTo(most) > 0
            ? Failure(key, $"must be {least} to {most}, not {value}")
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
